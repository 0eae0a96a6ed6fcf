import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router'
import type { QueryClient } from '@tanstack/react-query'
import { Problem } from '../api/client'
import { queries, queryClient } from '../api/queries'
import { type CostView, readCostView } from '../lib/costs'
import { isDay } from '../lib/days'
import { readView, type ResourceView } from '../lib/view'
import { NotFound, PageError } from './errors'
import { Shell } from './shell'

interface Context {
  queryClient: QueryClient
}

declare module '@tanstack/react-router' {
  interface StaticDataRouteOption {
    title?: string
  }
  interface Register {
    router: typeof router
  }
}

const root = createRootRouteWithContext<Context>()({ notFoundComponent: NotFound, errorComponent: PageError })

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  staticData: { title: 'Sign in' },
  validateSearch: (search: Record<string, unknown>): { next?: string } =>
    // A path of this site only, so that no link leads elsewhere after signing in.
    typeof search.next === 'string' && /^\/(?![/\\])/.test(search.next) ? { next: search.next } : {},
  component: lazyRouteComponent(() => import('../features/sign-in/page'), 'SignInPage'),
})

const shell = createRoute({
  getParentRoute: () => root,
  id: 'shell',
  beforeLoad: async ({ context, location }) => {
    try {
      await context.queryClient.ensureQueryData(queries.me())
    } catch (error) {
      if (error instanceof Problem && error.status === 401) {
        throw redirect({ to: '/sign-in', search: location.pathname === '/' ? {} : { next: location.href } })
      }
      throw error
    }
  },
  component: Shell,
})

const home = createRoute({
  getParentRoute: () => shell,
  path: '/',
  staticData: { title: 'Home' },
  component: lazyRouteComponent(() => import('../features/home/page'), 'HomePage'),
})

const resources = createRoute({
  getParentRoute: () => shell,
  path: '/resources',
  staticData: { title: 'Resources' },
  validateSearch: (search: Record<string, unknown>): ResourceView => readView(search),
  component: lazyRouteComponent(() => import('../features/resources/page'), 'ResourcesPage'),
})

const resource = createRoute({
  getParentRoute: () => shell,
  path: '/resources/$key',
  staticData: { title: 'Resource' },
  component: lazyRouteComponent(() => import('../features/resource/page'), 'ResourcePage'),
})

const compliance = createRoute({
  getParentRoute: () => shell,
  path: '/compliance',
  staticData: { title: 'Compliance' },
  component: lazyRouteComponent(() => import('../features/compliance/page'), 'CompliancePage'),
})

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

const costs = createRoute({
  getParentRoute: () => shell,
  path: '/costs',
  staticData: { title: 'Costs' },
  validateSearch: (search: Record<string, unknown>): CostView => readCostView(search),
  component: lazyRouteComponent(() => import('../features/costs/page'), 'CostsPage'),
})

const ask = createRoute({
  getParentRoute: () => shell,
  path: '/ask',
  staticData: { title: 'Ask' },
  component: lazyRouteComponent(() => import('../features/ask/page'), 'AskPage'),
})

const insights = createRoute({
  getParentRoute: () => shell,
  path: '/insights',
  staticData: { title: 'Insights' },
  component: lazyRouteComponent(() => import('../features/insights/page'), 'InsightsPage'),
})

export interface GraphPageView {
  /** The tags whose values are nodes. */
  tags?: string[] | undefined
  /** The node at which it begins, as the server names it. */
  from?: string | undefined
  depth?: number | undefined
  resources?: boolean | undefined
}

const graph = createRoute({
  getParentRoute: () => shell,
  path: '/graph',
  staticData: { title: 'Graph' },
  validateSearch: (search: Record<string, unknown>): GraphPageView => {
    const tags = Array.isArray(search.tags) ? search.tags.filter(isText).slice(0, 4) : []
    return {
      ...(tags.length > 0 ? { tags } : {}),
      ...(isText(search.from) ? { from: search.from } : {}),
      ...(search.depth === 1 || search.depth === 2 || search.depth === 3 ? { depth: search.depth } : {}),
      ...(search.resources === true ? { resources: true } : {}),
    }
  },
  component: lazyRouteComponent(() => import('../features/graph/page'), 'GraphPage'),
})

export interface PolicyFileView {
  /** The path of the open file. */
  file?: string | undefined
}

const policies = createRoute({
  getParentRoute: () => shell,
  path: '/policies',
  staticData: { title: 'Policies' },
  validateSearch: (search: Record<string, unknown>): PolicyFileView => (isText(search.file) ? { file: search.file } : {}),
  component: lazyRouteComponent(() => import('../features/policies/page'), 'PoliciesPage'),
})

const alerts = createRoute({
  getParentRoute: () => shell,
  path: '/alerts',
  staticData: { title: 'Alerts' },
  component: lazyRouteComponent(() => import('../features/alerts/page'), 'AlertsPage'),
})

export interface ActivityView {
  /** The first part of actions, such as `tag`. */
  action?: string | undefined
  actor?: string | undefined
  object?: string | undefined
  /** Days, as `2026-11-30`; both are included. */
  from?: string | undefined
  to?: string | undefined
}

const activity = createRoute({
  getParentRoute: () => shell,
  path: '/activity',
  staticData: { title: 'Activity' },
  validateSearch: (search: Record<string, unknown>): ActivityView => ({
    ...(isText(search.action) && /^[\w]+$/.test(search.action) ? { action: search.action } : {}),
    ...(isText(search.actor) ? { actor: search.actor } : {}),
    ...(isText(search.object) ? { object: search.object } : {}),
    ...(isDay(search.from) ? { from: search.from } : {}),
    ...(isDay(search.to) ? { to: search.to } : {}),
  }),
  component: lazyRouteComponent(() => import('../features/activity/page'), 'ActivityPage'),
})

const jobs = createRoute({
  getParentRoute: () => shell,
  path: '/jobs',
  staticData: { title: 'Jobs' },
  component: lazyRouteComponent(() => import('../features/jobs/page'), 'JobsPage'),
})

const settings = createRoute({
  getParentRoute: () => shell,
  path: '/settings',
  staticData: { title: 'Settings' },
  component: lazyRouteComponent(() => import('../features/settings/page'), 'SettingsPage'),
})

export const router = createRouter({
  routeTree: root.addChildren([signIn, shell.addChildren([home, resources, resource, compliance, costs, ask, insights, graph, policies, alerts, activity, jobs, settings])]),
  context: { queryClient },
  // Without it a page also gets the parameters that its `validateSearch` refuses.
  search: { strict: true },
  defaultPreload: 'intent',
  defaultErrorComponent: PageError,
  defaultNotFoundComponent: NotFound,
  scrollRestoration: true,
})
