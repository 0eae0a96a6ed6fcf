/**
 * The types of `/api/v1`, made from its OpenAPI document (`openapi.d.ts`, see `npm run api`). Texts that are one of a few
 * words are narrowed here. Amounts of money are decimal texts, so that nothing is lost on the way; times are RFC 3339.
 */
import type { components } from './openapi'

/** The server writes every property: what the document calls optional is null. */
type Filled<T> = T extends readonly (infer Item)[] ? Filled<Item>[] : T extends object ? { [Name in keyof T]-?: Filled<Exclude<T[Name], undefined>> } : T

type Schema<Name extends keyof components['schemas']> = Filled<components['schemas'][Name]>

type Narrow<T, Words> = Omit<T, keyof Words> & Words

export type Role = 'viewer' | 'editor' | 'admin' | 'super_admin'

export type Permission =
  | 'signed_in'
  | 'read_tags'
  | 'export'
  | 'own_views'
  | 'own_tokens'
  | 'ask'
  | 'decide_tags'
  | 'decide_suggestions'
  | 'bulk'
  | 'recheck'
  | 'edit_policies'
  | 'manage_snapshots'
  | 'manage_schedules'
  | 'manage_models'
  | 'manage_alerts'
  | 'read_audit'
  | 'manage_users'
  | 'manage_channels'
  | 'manage_identity_providers'
  | 'manage_tenants'
  | 'manage_settings'
  | 'erase_people'

/** A place at which people sign in instead of with a password. */
export type IdentityProvider = Schema<'ProviderView'>

export type Me = Narrow<Schema<'Me'>, { role: Role; permissions: Permission[] }>

/** Where a value came from. Pages of resources have `decided` for what a person set or confirmed. */
export type TagSource = 'native' | 'rule_based' | 'inferred' | 'user_confirmed' | 'manual' | 'decided' | 'default'

export type Severity = 'critical' | 'high' | 'medium' | 'low'

export type Compliance = 'violating' | 'pending' | 'compliant' | 'out_of_scope'

export type TagDefinition = Schema<'TagDefinition'>
export type TagSchema = Schema<'TagSchema'>

export type Policy = Narrow<Schema<'PolicyView'>, { severity: Severity }>

export type Finding = Narrow<Schema<'FindingView'>, { severity: Severity; state: 'open' | 'pending' | 'exempt' | 'undetermined' }>

export type CheckResult = Narrow<Schema<'CheckResult'>, { severity: Severity }>

/** How far the resources of a filter comply. */
export type ComplianceSummary = Narrow<Schema<'Status'>, { checks: CheckResult[] }>

export type TrendPoint = Schema<'TrendPoint'>

/** A virtual tag on a page. */
export type RowTag = Narrow<Schema<'RowTag'>, { source: TagSource | null }>

export type VirtualTag = Narrow<Schema<'VirtualTag'>, { source: TagSource | null }>

/** A value that the model suggests for a resource. */
export type Suggestion = Schema<'Suggested'>

/** A suggestion in a list. */
export type ListedSuggestion = Schema<'SuggestionView'>

export type ResourceRow = Narrow<Schema<'ResourceRow'>, { compliance: Compliance; virtual_tags: RowTag[] }>

export type ResourcePage = Narrow<Schema<'ResourcePage'>, { items: ResourceRow[] }>

export type Violation = Narrow<Schema<'Violation'>, { severity: Severity; state: 'open' | 'pending' | 'exempt' | 'undetermined' }>

export type ComplianceState = Narrow<Schema<'ComplianceStatus'>, { status: Compliance; violations: Violation[] }>

export type ResourceDetail = Narrow<Schema<'ResourceTags'>, { virtual_tags: VirtualTag[]; compliance_status: ComplianceState }>

export type TimelineEvent = Narrow<Schema<'TimelineEvent'>, { kind: 'appeared' | 'changed' | 'set' | 'confirm' | 'reject' | 'unset' }>

export type FacetValue = Schema<'FacetCount'>
export type Facet = Schema<'FacetCounts'>

/** What is spent: a part for each currency. */
export type CostReport = Schema<'CostReportView'>
export type CostPart = Schema<'CostPartView'>
export type CostLine = Schema<'CostLine'>

export type Channel = Schema<'ChannelView'>
/** A rule as it is stored, with parts that may be left out. */
export type AlertRule = Narrow<Schema<'RuleView'>, { rule: components['schemas']['AlertRule'] }>
export type Delivery = Narrow<Schema<'DeliveryView'>, { status: 'queued' | 'running' | 'delivered' | 'dead' | 'cancelled' }>

export type GraphView = Schema<'GraphView'>
export type GraphNode = Schema<'NodeView'>
export type GraphEdge = Schema<'EdgeView'>

export type PolicyFile = Schema<'PolicyFile'>
export type PolicyFiles = Schema<'PolicyFiles'>

/** A decision. `confirm` and `reject` without a value mean the suggested one. */
export type TagChange = components['schemas']['TagChange']

/** Which resources: some, or all that a list selects. */
export type Selection = Pick<components['schemas']['BulkRequest'], 'resources' | 'q' | 'where' | 'compliance' | 'severity' | 'policy'>

export type Bulk = Narrow<Schema<'BulkView'>, { state: 'previewed' | 'running' | 'done' | 'undoing' | 'undone' }>

/** What details an entry has depends on its action: those of changes of tags, and names of what others are about. */
interface AuditDetails {
  tag?: string
  old?: string | null
  new?: string | null
  note?: string | null
  name?: string
  kind?: string
  files?: string[]
  rule?: { name?: string }
}
export type AuditEntry = Narrow<Schema<'AuditEntry'>, { details: AuditDetails }>
export type AuditPage = Narrow<Schema<'AuditPage'>, { items: AuditEntry[] }>
export type Verification = Schema<'Verification'>

export type Job = Narrow<
  Omit<Schema<'JobView'>, 'attempts'>,
  { status: 'queued' | 'running' | 'done' | 'dead' | 'cancelled'; progress: { done?: number; total?: number } | null }
>

/** A job that was started, or one that waits already and does the same. */
export type Enqueued = Schema<'Enqueued'>

export type Schedule = Schema<'ScheduleView'>

export type User = Narrow<Schema<'UserView'>, { role: Role; status: 'active' | 'disabled' | 'erased' }>
/** A user who was added, or who gets a new link. */
export type UserLink = Schema<'AddedUser'>

/** What the inventory was, the newest first. */
export type Snapshots = Schema<'Snapshots'>

/** How the server is configured. */
export type Settings = Narrow<Schema<'SettingsView'>, { identity_providers: ProviderSettings[] }>
export type ProviderSettings = Narrow<Schema<'ProviderSettings'>, { roles: Record<string, Role>; default_role: Role | null }>

/** An organization on the server. */
export type Tenant = Schema<'TenantView'>

/** What was removed of a person, and what remains. */
export type Erasure = Schema<'Erasure'>

export type Token = Narrow<Schema<'TokenView'>, { role: Role }>

/** A view that was saved on the server. Its query is that of an address. */
export type SavedView = Schema<'SavedView'>

/** What `POST changes` found out about a change of policies. */
export type PolicyChange = Narrow<Schema<'ChangeView'>, { diagnostics: Narrow<Schema<'PolicyDiagnostic'>, { level: 'error' | 'warning' }>[] }>
export type PolicyRevision = Schema<'RevisionView'>

/** What a month will come to, if it goes on as before. */
export type Projection = Schema<'Projection'>
export type CostTrend = Schema<'CostTrend'>

export type Insights = Schema<'Insights'>
export type Model = Schema<'ModelSummary'>
/** How good the model in use is for a tag. */
export type TagFigures = Schema<'TagFigures'>

/** What was asked about the project, and how questions are answered. */
export type ConversationView = Schema<'ConversationView'>
export type RememberedTurn = Schema<'TurnView'>

/** A value that a person should check. */
export type Anomaly = Narrow<Schema<'AnomalyView'>, { kind: 'model' | 'spelling' }>
export type Anomalies = Narrow<Schema<'Anomalies'>, { items: Anomaly[] }>

/** An error, as `application/problem+json`. Only what applies is there. */
export type ProblemBody = Narrow<components['schemas']['Problem'], { type?: string; trace_id?: string }>
