/** What is asked of the server, each by one key: the operation and its parameters. */
import { keepPreviousData, QueryClient, queryOptions } from '@tanstack/react-query'
import { Problem, request } from './client'
import type {
  AlertRule,
  Anomalies,
  Channel,
  Delivery,
  Bulk,
  ComplianceSummary,
  ConversationView,
  CostTrend,
  Facet,
  GraphView,
  IdentityProvider,
  Insights,
  Job,
  ListedSuggestion,
  Me,
  Policy,
  PolicyFiles,
  PolicyRevision,
  ResourceDetail,
  ResourcePage,
  SavedView,
  Schedule,
  Settings,
  Snapshots,
  TagSchema,
  Tenant,
  TimelineEvent,
  Token,
  TrendPoint,
  User,
} from './types'

/** Whether there is no evaluation to show yet. Pages show why, and ask again until there is one. */
export const isNotReady = (error: unknown): error is Problem => error instanceof Problem && error.code === 'not-ready'

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: (failures, error) => error instanceof Problem && error.isTemporary && !isNotReady(error) && failures < 3,
      retryDelay: (failures) => Math.min(500 * 2 ** failures, 4_000),
      refetchInterval: (query) => (isNotReady(query.state.error) ? 2_000 : false),
    },
    mutations: { retry: false },
  },
})

type Params = Record<string, string | number | boolean | undefined>

function get<T>(name: string, path: string, params?: Params) {
  return queryOptions({
    queryKey: params ? [name, params] : [name],
    queryFn: ({ signal }) => request<T>(path, { signal, ...(params ? { params } : {}) }),
  })
}

export const queries = {
  providers: () => ({ ...get<{ items: IdentityProvider[] }>('providers', 'auth/oidc'), staleTime: 60_000 }),
  me: () => ({ ...get<Me>('me', 'auth/me'), staleTime: 60_000 }),
  schema: () => ({ ...get<TagSchema>('schema', 'tag-schema'), staleTime: 60_000 }),
  resources: (params: Params) => ({
    ...get<ResourcePage>('resources', 'resources', params),
    placeholderData: keepPreviousData,
  }),
  facets: (params: Params) => ({ ...get<{ items: Facet[] }>('facets', 'facets', params), placeholderData: keepPreviousData }),
  suggestions: (params: Params) => get<{ items: ListedSuggestion[]; next: string | null }>('suggestions', 'suggestions', params),
  resource: (key: string) => ({
    queryKey: ['resource', key],
    queryFn: ({ signal }: { signal: AbortSignal }) => request<ResourceDetail>(`resources/${encodeURIComponent(key)}`, { signal }),
  }),
  timeline: (key: string) => ({
    queryKey: ['resource', key, 'timeline'],
    queryFn: ({ signal }: { signal: AbortSignal }) =>
      request<{ items: TimelineEvent[] }>(`resources/${encodeURIComponent(key)}/timeline`, { signal }),
  }),
  bulk: (id: string) => ({
    queryKey: ['bulk', id],
    queryFn: ({ signal }: { signal: AbortSignal }) => request<Bulk>(`bulk/${encodeURIComponent(id)}`, { signal }),
  }),
  compliance: (params: Params = {}) => get<ComplianceSummary>('compliance', 'compliance/status', params),
  costTrend: () => ({ ...get<CostTrend>('costs', 'costs/trend', { period: 'month', series: 1 }), staleTime: 60_000 }),
  trend: () => get<{ items: TrendPoint[] }>('trend', 'compliance/trend'),
  policies: () => ({ ...get<{ items: Policy[] }>('policies', 'compliance/policies'), staleTime: 60_000 }),
  channels: () => get<{ items: Channel[] }>('channels', 'channels'),
  channel: (id: string) => ({
    queryKey: ['channels', id],
    queryFn: ({ signal }: { signal: AbortSignal }) => request<Channel>(`channels/${encodeURIComponent(id)}`, { signal }),
  }),
  rules: () => get<{ items: AlertRule[] }>('rules', 'rules'),
  deliveries: () => get<{ items: Delivery[] }>('deliveries', 'deliveries', { limit: 50 }),
  graph: (params: Params) => ({ ...get<GraphView>('graph', 'graph', params), placeholderData: keepPreviousData }),
  insights: () => ({ ...get<Insights>('insights', 'insights'), staleTime: 60_000 }),
  anomalies: () => ({ ...get<Anomalies>('anomalies', 'anomalies'), staleTime: 60_000 }),
  conversation: () => ({ ...get<ConversationView>('conversation', 'conversation'), gcTime: 0, refetchOnWindowFocus: false }),
  views: () => get<{ items: SavedView[] }>('views', 'views'),
  policyRevisions: () => get<{ items: PolicyRevision[] }>('policy-revisions', 'policy-revisions'),
  policyFiles: () => get<PolicyFiles>('policy-files', 'policy-files'),
  job: (id: string) => ({
    queryKey: ['jobs', id],
    queryFn: ({ signal }: { signal: AbortSignal }) => request<Job>(`jobs/${encodeURIComponent(id)}`, { signal }),
  }),
  snapshots: () => get<Snapshots>('snapshots', 'snapshots'),
  settings: () => ({ ...get<Settings>('settings', 'settings'), staleTime: 60_000 }),
  jobs: () => get<{ items: Job[] }>('jobs', 'jobs'),
  schedules: () => get<{ items: Schedule[] }>('schedules', 'schedules'),
  users: () => get<{ items: User[] }>('users', 'users'),
  tenants: () => get<{ items: Tenant[] }>('tenants', 'tenants'),
  tokens: () => get<{ items: Token[] }>('tokens', 'tokens'),
}

/** Reads again what some names of queries stand for. */
export async function refresh(...names: string[]): Promise<void> {
  await Promise.all(names.map((name) => queryClient.invalidateQueries({ queryKey: [name] })))
}

/** Everything that a decision about a tag can change. */
export async function refreshAfterDecision(): Promise<void> {
  await refresh('resources', 'resource', 'facets', 'suggestions', 'compliance', 'costs', 'audit')
}
