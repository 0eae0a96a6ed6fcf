/** Models, snapshots and settings. Nothing is trained or read: the jobs of these have ended when they are asked for. */
import type { Job, Model, Permission, Settings, Snapshots } from '../src/api/types'
import { NOW } from './data.ts'

const day = (ago: number) => new Date(NOW.getTime() - ago * 86_400_000).toISOString()

const PROVIDERS: Settings['identity_providers'] = [
  {
    id: 'corp',
    title: 'Shop account',
    issuer: 'https://id.shop.example',
    client_id: 'tagpol',
    redirect: 'https://tags.shop.example/api/v1/auth/oidc/corp/callback',
    groups_claim: 'groups',
    roles: { finops: 'editor', platform: 'super_admin' },
    default_role: 'viewer',
  },
]

const RETENTION: Settings['retention'] = [
  ...['access_log', 'jobs', 'bulk_changes', 'messages', 'alerts'].map((records) => ({ records, days: 90 })),
  ...['audit_trail', 'decisions'].map((records) => ({ records, days: null as never })),
]

export class Administration {
  readonly models: Model[]
  private readonly snapshots: Snapshots['items']

  constructor(
    size: number,
    private readonly start: (kind: string, result: Job['result']) => string,
  ) {
    const model = (id: string, ago: number, resources: number, accuracy: number): Model => ({ id, trained_at: day(ago), in_use: ago === 2, was_in_use: ago === 9, resources, tags: 6, accuracy })
    this.models = size === 0 ? [] : [model('20261128T000004Z-60a2e670', 2, 2_000, 0.871), model('20261121T000003Z-159cc7ca', 9, 1_940, 0.842), model('20261114T000003Z-0b1f7c11', 16, 1_900, 0.851)]
    const snapshot = (ago: number, rejected: number): Snapshots['items'][number] => ({ id: `${day(ago).slice(0, 10).replaceAll('-', '')}T060000Z-8c2e11${ago}`, taken_at: day(ago), resources: size - ago, currency: 'USD', month: '2026-10', rejected })
    this.snapshots = size === 0 ? [] : [snapshot(0, 0), snapshot(1, 12), snapshot(2, 0)]
  }

  /** The permission that a request needs; undefined: it is about something else. */
  static permission(path: string): Permission | undefined {
    if (/^models\//.test(path)) return 'manage_models'
    if (/^snapshots\b/.test(path)) return 'manage_snapshots'
    return path === 'settings' ? 'manage_settings' : undefined
  }

  /** Answers a request. */
  answer(method: string, path: string): { status: number; body: unknown } {
    const [group, id, action] = path.split('/')
    if (group === 'settings') return { status: 200, body: { version: '0.1.0', url: 'https://tags.shop.example', is_https: true, retention: RETENTION, identity_providers: PROVIDERS } satisfies Settings }
    if (group === 'snapshots') return this.snapshot(method, id)
    if (id === 'train') return this.started('retrain-models', { model: '20261130T000000Z-12ab34cd', is_promoted: false, reason: 'it is not better than the one in use' })
    return this.promoted(action === 'promote' ? id : undefined)
  }

  private started(kind: string, result: unknown): { status: number; body: unknown } {
    return { status: 202, body: { job: this.start(kind, result as Job['result']), is_new: true } }
  }

  private snapshot(method: string, id: string | undefined): { status: number; body: unknown } {
    if (method === 'GET') return { status: 200, body: { items: this.snapshots, are_served: true, fetched_from: ['aws', 'gcp'] } satisfies Snapshots }
    if (id === 'fetch') return this.started('fetch-snapshot', { resources: 2_000, rejected: 0 })
    return this.started('import-snapshot', { resources: 4, rejected: 1 })
  }

  /** Uses a model, or the one before. */
  private promoted(id: string | undefined): { status: number; body: unknown } {
    const next = this.models.find((model) => (id ? model.id === id : model.was_in_use))
    const used = this.models.find((model) => model.in_use)
    for (const model of this.models) {
      model.was_in_use = id !== undefined && model === used
      model.in_use = model === next
    }
    return this.started('promote-model', { model: next?.id, is_promoted: true })
  }
}
