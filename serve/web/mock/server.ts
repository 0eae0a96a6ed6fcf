/**
 * `/api/v1` for development and tests, typed by the same file as the dashboard. It decides nothing: where the real
 * server can be had (`TAGPOL_SERVE_URL`), that one is used.
 *
 * Sign in as viewer, editor, admin or super `@shop.example` with the password `demo`. `MOCK_RESOURCES` sets the size.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type {
  AuditEntry,
  Bulk,
  Facet,
  Job,
  Me,
  Permission,
  PolicyRevision,
  ProblemBody,
  Role,
  Severity,
  TagChange,
  Token,
  User,
} from '../src/api/types'
import { ConditionError, parseCondition, type Predicate } from './condition.ts'
import { Administration } from './administration.ts'
import { Alerts } from './alerts.ts'
import { costs, costTrend } from './costs.ts'
import { graph } from './graph.ts'
import { anomalies, insights } from './insights.ts'
import { job, JOBS, SCHEDULES } from './jobs.ts'
import { POLICY_FILES } from './language-server.ts'
import { Inventory, type MockRow, nameOf, NOW, PEOPLE, POLICIES, random, TAGS } from './data.ts'
import { Questions } from './questions.ts'
import { compliance, findings, suggestions, sum, trend } from './reports.ts'
import { attribute, sorted } from './rows.ts'

const ROLES: Role[] = ['viewer', 'editor', 'admin', 'super_admin']
const PERMISSIONS: [Permission, number][] = [
  ['read_tags', 0],
  ['export', 0],
  ['own_views', 0],
  ['own_tokens', 0],
  ['ask', 0],
  ['decide_tags', 1],
  ['decide_suggestions', 1],
  ['bulk', 1],
  ['recheck', 1],
  ['edit_policies', 2],
  ['manage_snapshots', 2],
  ['manage_schedules', 2],
  ['manage_models', 2],
  ['manage_alerts', 2],
  ['read_audit', 2],
  ['manage_users', 3],
  ['manage_channels', 3],
  ['manage_identity_providers', 3],
  ['manage_tenants', 3],
  ['manage_settings', 3],
  ['erase_people', 3],
]

class Refused extends Error {
  readonly body: ProblemBody

  constructor(status: number, code: string, detail: string, more: Partial<ProblemBody> = {}) {
    super(detail)
    this.body = { status, code, title: detail, detail, ...more }
  }
}

interface Call {
  method: string
  path: string
  params: URLSearchParams
  body: Record<string, unknown>
  role: Role | undefined
  headers: IncomingMessage['headers']
}

interface Reply {
  status: number
  body?: unknown
  headers?: Record<string, string>
}

/** A server of one inventory. */
class Mock {
  readonly inventory: Inventory
  private readonly audit: AuditEntry[] = []
  private readonly bulks = new Map<string, Bulk & { keys: string[]; startedAt: number; change: TagChange }>()
  private readonly schedules = SCHEDULES.map((schedule) => ({ ...schedule }))
  private readonly users: User[] = ROLES.map((role) => ({ id: `usr_${role}`, name: PEOPLE[`usr_${role}`] ?? role, email: `${role === 'super_admin' ? 'super' : role}@shop.example`, role, status: 'active', created_at: '2026-10-01T08:00:00Z' }))
  private views: { id: string; name: string; query: string; shared: boolean; created_at: string; owner: Role }[] = []
  private policies = POLICY_FILES.map((file) => ({ ...file }))
  private readonly changes = new Map<string, { path: string; text: string | null }[]>()
  private readonly revisions: PolicyRevision[] = []
  private readonly alerts: Alerts
  private readonly administration: Administration
  readonly questions: Questions
  private readonly tokens: Token[] = [{ id: 'tok_1', name: 'billing export', role: 'viewer', created_at: '2026-10-02T08:00:00Z', expires_at: '2027-10-02T08:00:00Z', revoked_at: null }]
  private readonly jobs: Job[] = [...JOBS]

  constructor(size: number) {
    this.inventory = new Inventory(size)
    this.alerts = new Alerts(size === 0)
    this.administration = new Administration(size, (kind, result) => this.start(kind, result))
    this.questions = new Questions(size === 0)
    const actions: [string, string, string | null, string | null][] = [
      ['tag.set', 'cost-center', 'ENG-001', 'ENG-014'],
      ['tag.confirm', 'owner', null, 'payments@shop.example'],
      ['tag.reject', 'team', null, 'search'],
      ['tag.unset', 'project', 'ledger', null],
    ]
    for (let seq = 1; seq <= Math.min(48, size); seq++) {
      const row = this.inventory.row(seq % Math.max(1, size))
      const [action, tag, old, next] = actions[seq % 4] ?? actions[0]!
      this.audit.push(entry(seq, new Date(NOW.getTime() - (49 - seq) * 7_200_000), 'user:usr_editor', action, row.resource_id, { tag, old, new: next }))
    }
  }

  /** Adds a job that has ended already. */
  private start(kind: string, result: Job['result']): string {
    const made = { ...job(`job_${this.jobs.length + 1}`, 'virtual_tags.ingestion', kind, 'done', 0, null), result }
    this.jobs.unshift(made)
    return made.id
  }

  handle(call: Call): Reply {
    const { path, method } = call
    if (path === 'auth/login') return this.login(call)
    if (path === 'auth/oidc') return ok({ items: [{ id: 'corp', title: 'Shop account', start: '/api/v1/auth/oidc/corp/start' }] })
    if (path === 'auth/logout') return { status: 204, headers: { 'set-cookie': 'mock_role=; Path=/; Max-Age=0' } }
    if (!call.role) throw new Refused(401, 'not-signed-in', 'Sign in first')
    const route = `${method} ${path}`
    const bulk = /^bulk\/([^/]+)(?:\/(apply|undo))?$/.exec(path)
    if (bulk) return this.bulk(call, bulk[1] ?? '', bulk[2])
    const tag = /^virtual-tags\/vt_([0-9a-f]{16})_([\w-]+)$/.exec(path)
    if (tag) return this.tag(call, tag[1] ?? '', tag[2] ?? '')
    const resource = /^resources\/(.+?)(\/timeline)?$/.exec(path)
    if (resource) {
      const n = this.index(resource[1] ?? '')
      return ok(resource[2] ? { items: this.inventory.timeline(n) } : this.inventory.detail(n))
    }
    const found = /^jobs\/([^/]+)$/.exec(path)
    if (found) return ok(this.jobs.find((one) => one.id === found[1]))
    const needed = Administration.permission(path)
    if (needed) {
      this.allow(call, needed)
      return this.administration.answer(method, path)
    }
    const jobAction = /^jobs\/([^/]+)\/(cancel|retry)$/.exec(path)
    if (jobAction) return this.jobAction(call, jobAction[1] ?? '', jobAction[2] ?? '')
    const user = /^users\/([^/]+)(\/link)?$/.exec(path)
    if (user) return this.changeUser(call, user[1] ?? '', Boolean(user[2]))
    const token = /^tokens\/([^/]+)$/.exec(path)
    if (token) {
      const found = this.tokens.find((one) => one.id === token[1])
      if (found) found.revoked_at = NOW.toISOString()
      return { status: 204 }
    }
    const view = /^views\/([^/]+)$/.exec(path)
    if (view && method === 'DELETE') {
      this.views = this.views.filter((one) => one.id !== view[1])
      return { status: 204 }
    }
    const change = /^changes\/([^/]+)\/apply$/.exec(path)
    if (change) return this.applyChange(call, change[1] ?? '')
    if (/^(channels|rules|deliveries)\b/.test(path)) {
      this.allow(call, method === 'GET' || !path.startsWith('channels') ? 'manage_alerts' : 'manage_channels')
      const answer = this.alerts.answer(method, path, call.body)
      if (answer && 'problem' in answer) throw new Refused(answer.problem[0], answer.problem[1], answer.problem[2], answer.problem[3] ? { pointer: answer.problem[3] } : {})
      if (answer) return answer
    }
    const schedule = /^schedules\/([^/]+)$/.exec(path)
    if (schedule) return this.setSchedule(call, schedule[1] ?? '')
    switch (route) {
      case 'GET auth/me':
        return ok(this.me(call.role))
      case 'GET tag-schema':
        return ok({ items: TAGS })
      case 'GET resources':
        return this.resources(call)
      case 'GET facets':
        return this.facets(call)
      case 'GET insights':
        return ok(insights(this.inventory, this.administration.models))
      case 'GET anomalies':
        return ok(anomalies(this.inventory))
      case 'GET conversation':
        return ok(this.questions.view())
      case 'DELETE conversation':
        this.questions.forget()
        return { status: 204 }
      case 'GET graph':
        return ok(graph(this.matching(this.selection(call.params)), call.params))
      case 'GET policy-files':
        this.allow(call, 'edit_policies')
        return ok({ items: this.policies, revision: `r${this.revisions.length}`, read_only: null })
      case 'GET views':
        return ok({ items: this.views.filter((view) => view.shared || view.owner === call.role).map(({ owner, ...view }) => ({ ...view, is_own: owner === call.role, owner_name: nameOf(`user:usr_${owner}`) })) })
      case 'POST views': {
        const { name, query, shared } = call.body as { name: string; query: string; shared: boolean }
        if (this.views.some((view) => view.name === name && view.owner === call.role)) throw new Refused(409, 'conflict', 'there is a view with this name', { pointer: '/name' })
        const view = { id: `view_${this.views.length + 1}`, name, query, shared, created_at: NOW.toISOString(), owner: call.role }
        this.views.push(view)
        return { status: 201, body: { ...view, is_own: true, owner_name: nameOf(actorOf(call)) } }
      }
      case 'GET policy-revisions':
        return ok({ items: this.revisions })
      case 'POST changes':
        return this.proposeChange(call)
      case 'GET costs/trend':
        return ok(costTrend(this.inventory.size))
      case 'GET costs':
        return ok(costs(this.matching(this.selection(call.params)), call.params))
      case 'GET compliance/status':
        return ok(compliance(this.inventory))
      case 'GET compliance/trend':
        return ok({ items: trend(this.inventory) })
      case 'GET compliance/policies':
        return ok({ items: POLICIES })
      case 'GET suggestions': {
        const found = suggestions(this.matching(this.selection(call.params)))
        const from = Number(call.params.get('cursor') ?? 0)
        const limit = Number(call.params.get('limit') ?? 50)
        return ok({ items: found.slice(from, from + limit), total: found.length, next: from + limit < found.length ? String(from + limit) : null })
      }
      case 'GET compliance/findings': {
        const items = findings(this.inventory, call.params.get('policy')?.split(','))
        return ok({ items, total: items.length, next: null })
      }
      case 'POST compliance/recheck':
        this.allow(call, 'recheck')
        this.jobs.unshift(job(`job_${this.jobs.length + 1}`, 'virtual_tags.compliance', 'recheck', 'queued', 0, null))
        return { status: 202, body: { job: this.jobs[0]?.id, is_new: true } }
      case 'GET audit-trail':
        return this.auditTrail(call)
      case 'POST audit-trail/verify':
        this.allow(call, 'read_audit')
        return ok({ intact: true, entries: this.audit.length, broken_at: null, reason: null })
      case 'POST virtual-tags/apply':
        return this.apply(call)
      case 'POST bulk':
        return this.preview(call)
      case 'GET jobs':
        return ok({ items: this.jobs, next: null })
      case 'GET schedules':
        return ok({ items: this.schedules })
      case 'GET users':
        this.allow(call, 'manage_users')
        return ok({ items: this.users, next: null })
      case 'POST users':
        return this.addUser(call)
      case 'GET tenants':
        this.allow(call, 'manage_tenants')
        return ok({ items: [{ id: 'ten_1', name: 'Shop', created_at: '2026-10-01T08:00:00Z' }] })
      case 'GET tokens':
        return ok({ items: this.tokens })
      case 'POST tokens': {
        const id = `tok_${this.tokens.length + 1}`
        this.tokens.unshift({ id, name: String(call.body.name), role: (call.body.role as Role | undefined) ?? call.role, created_at: NOW.toISOString(), expires_at: (call.body.expires_at as string | undefined) ?? null, revoked_at: null })
        return { status: 201, body: { id, secret: `tagpol_${'0123456789abcdef'.repeat(2)}` } }
      }
      default:
        throw new Refused(404, 'not-found', `There is nothing at \`/api/v1/${path}\``)
    }
  }

  private proposeChange(call: Call): Reply {
    this.allow(call, 'edit_policies')
    const files = call.body.files as { path: string; text: string | null }[]
    const wrong = files.find((file) => file.text?.includes('productoin'))
    const id = `chg_${this.changes.size + 1}`
    this.changes.set(id, files)
    const checks = [{ policy: 'production-is-owned', check: 'environment', severity: 'critical', entered: 61, left: 0 }]
    const impact = { findings_entered: 61, findings_left: 0, findings_worsened: 0, cost_entered: '11308.25', cost_left: '0', score_before: 0.86, score_after: 0.81, checks, tags: [] }
    const diagnostics = wrong ? [{ file: wrong.path, code: 'E0012', level: 'error', message: '`environment` has no value `productoin`', help: null, line: 4 }] : []
    return { status: 201, body: { id, revision: `r${this.revisions.length}`, can_be_applied: !wrong, diagnostics, impact: wrong ? null : impact } }
  }

  private applyChange(call: Call, id: string): Reply {
    this.allow(call, 'edit_policies')
    const files = this.changes.get(id)
    if (!files) throw new Refused(404, 'not-found', `there is no change \`${id}\``)
    if (call.headers['if-match'] !== `"r${this.revisions.length}"`) throw new Refused(412, 'precondition-failed', 'the policies have changed since the change was examined')
    for (const { path, text } of files) {
      this.policies = this.policies.filter((file) => file.path !== path)
      if (text !== null) this.policies.push({ path, text })
    }
    this.revisions.unshift({ id: `r${this.revisions.length + 1}`, parent: null, made_by: actorOf(call), made_by_name: nameOf(actorOf(call)), at: new Date().toISOString(), files: files.map((file) => file.path) })
    return { status: 202, body: { job: 'job_9', is_new: true } }
  }

  private addUser(call: Call): Reply {
    this.allow(call, 'manage_users')
    const { email, name, role } = call.body as { email: string; name: string; role: Role }
    if (!/^\S+@\S+$/.test(email)) throw new Refused(422, 'invalid-value', 'this is not an email address', { pointer: '/email' })
    if (this.users.some((one) => one.email === email)) throw new Refused(409, 'conflict', 'there is a user with this address', { pointer: '/email' })
    const id = `usr_${this.users.length + 1}`
    this.users.push({ id, email, name, role, status: 'active', created_at: NOW.toISOString() })
    return { status: 201, body: { id, link: `http://localhost/sign-in#${id}` } }
  }

  private changeUser(call: Call, id: string, isLink: boolean): Reply {
    this.allow(call, 'manage_users')
    const found = this.users.find((one) => one.id === id)
    if (!found) throw new Refused(404, 'not-found', `there is no user \`${id}\``)
    if (isLink) return { status: 201, body: { id, link: `http://localhost/sign-in#${id}` } }
    const { role, status } = call.body as { role?: Role; status?: 'active' | 'disabled' }
    const admins = this.users.filter((one) => one.role === 'super_admin' && one.status === 'active')
    if (admins.length === 1 && admins[0] === found && (status === 'disabled' || (role && role !== 'super_admin'))) {
      throw new Refused(409, 'conflict', 'the tenant would have no active user with the role `super_admin`')
    }
    if (role) found.role = role
    if (status) found.status = status
    return ok(found)
  }

  private setSchedule(call: Call, name: string): Reply {
    this.allow(call, 'manage_schedules')
    const found = this.schedules.find((one) => one.name === name)
    if (!found) throw new Refused(404, 'not-found', `there is no schedule \`${name}\``)
    const { cron, zone, enabled } = call.body as { cron: string; zone: string; enabled: boolean }
    if (cron.trim().split(/\s+/).length !== 5) throw new Refused(422, 'invalid-value', 'a schedule has five fields: minute, hour, day, month, day of the week', { pointer: '/cron' })
    Object.assign(found, { cron, zone, enabled })
    return { status: 204 }
  }

  private me(role: Role): Me {
    const rank = ROLES.indexOf(role)
    const permissions = PERMISSIONS.filter(([, least]) => rank >= least).map(([name]) => name)
    return { id: `usr_${role}`, name: PEOPLE[`usr_${role}`] ?? role, role, tenant: 'default', projects: ['shop'], permissions }
  }

  private allow({ role }: Call, permission: Permission): void {
    const least = PERMISSIONS.find(([name]) => name === permission)?.[1] ?? 3
    if (!role || ROLES.indexOf(role) < least) {
      throw new Refused(403, 'forbidden', 'Your role does not allow this', { help: `It needs the role ${ROLES[least]?.replace('_', ' ')} or a higher one.` })
    }
  }

  private login({ body }: Call): Reply {
    const name = String(body.email ?? '').split('@')[0]
    const role = name === 'super' ? 'super_admin' : ROLES.find((one) => one === name)
    if (!role || body.password !== 'demo') throw new Refused(401, 'wrong-credentials', 'The email address or the password is wrong', { pointer: '/password' })
    return { status: 204, headers: { 'set-cookie': `mock_role=${role}; Path=/; HttpOnly; SameSite=Lax` } }
  }

  private index(key: string): number {
    let n = this.inventory.indexOf(key)
    for (let at = 0; n === undefined && at < Math.min(this.inventory.size, 5_000); at++) if (this.inventory.row(at).resource_id === key) n = at
    if (n === undefined) throw new Refused(404, 'not-found', `There is no resource \`${key}\``)
    return n
  }

  private matching(selection: { where?: string | undefined; q?: string | undefined; compliance?: string | undefined; severity?: string | undefined; policy?: string | undefined }): MockRow[] {
    const tests: ((row: MockRow) => boolean)[] = []
    if (selection.where) tests.push(this.condition(selection.where))
    const words = (selection.q ?? '').toLowerCase().split(/\s+/).filter(Boolean)
    if (words.length > 0) {
      tests.push((row) => {
        const text = [row.resource_id, row.resource_name, ...row.virtual_tags.map((tag) => tag.value)].join('\n').toLowerCase()
        return words.every((word) => text.includes(word))
      })
    }
    if (selection.compliance) {
      const wanted = selection.compliance.split(',')
      tests.push((row) => wanted.includes(row.compliance))
    }
    if (selection.severity) {
      const wanted = selection.severity.split(',') as Severity[]
      tests.push((row) => wanted.some((severity) => row.open[severity] > 0))
    }
    if (selection.policy) {
      const wanted = selection.policy.split(',')
      tests.push((row) => this.policiesOf(row).some((one) => wanted.includes(one)))
    }
    const rows: MockRow[] = []
    // A large inventory is looked at in part: the mock has one thread, and nobody needs its numbers.
    const size = Math.min(this.inventory.size, 50_000)
    for (let n = 0; n < size; n++) {
      const row = this.inventory.row(n)
      if (tests.every((test) => test(row))) rows.push(row)
    }
    return rows
  }

  private condition(where: string): (row: MockRow) => boolean {
    let predicate: Predicate
    const fields = (row: MockRow) => ({
      tag: (name: string) => row.virtual_tags.find((tag) => tag.key === name)?.value,
      attribute: (name: string) => {
        const values: Record<string, string | null> = { provider: row.provider, type: row.resource_type, name: row.resource_name, account: row.account, region: row.region, id: row.resource_id, 'monthly-cost': row.monthly_cost }
        return name in values ? values[name] : undefined
      },
    })
    try {
      predicate = parseCondition(where, TAGS.map((tag) => tag.key))
      if (this.inventory.size > 0) predicate(fields(this.inventory.row(0)))
    } catch (error) {
      if (!(error instanceof ConditionError)) throw error
      throw new Refused(400, 'invalid-condition', error.message, { parameter: 'where', did_you_mean: error.meant ?? null })
    }
    return (row) => predicate(fields(row))
  }

  private selection(params: URLSearchParams) {
    const get = (name: string) => params.get(name) ?? undefined
    return { where: get('where'), q: get('q'), compliance: get('compliance'), severity: get('severity'), policy: get('policy') }
  }

  private resources({ params }: Call): Reply {
    const selection = this.selection(params)
    const sort = params.get('sort') ?? 'cost'
    const isPlain = Object.values(selection).every((one) => !one) && (sort === 'cost' || sort === '-cost')
    const limit = Math.min(500, Number(params.get('limit') ?? 50))
    const offset = Number(params.get('offset') ?? params.get('cursor') ?? 0)
    let total = this.inventory.size
    let rows: MockRow[]
    if (isPlain) {
      // Rows are in the order of their costs, so that a page of a million needs only itself.
      const at = (n: number) => (sort === '-cost' ? total - 1 - n : n)
      rows = Array.from({ length: Math.max(0, Math.min(limit, total - offset)) }, (_, n) => this.inventory.row(at(offset + n)))
    } else {
      const found = this.matching(selection)
      total = found.length
      rows = sorted(found, sort).slice(offset, offset + limit)
    }
    const next = offset + rows.length < total ? String(offset + rows.length) : null
    return ok({ generation: 'g_20261130', currency: 'USD', decisions: 0, items: rows, total, monthly_cost: sum(rows.map((row) => row.monthly_cost)), next, similar: [] })
  }

  /** Policies and checks with an open finding. */
  private policiesOf(row: MockRow): string[] {
    const n = this.inventory.indexOf(row.key) ?? 0
    const open = this.inventory.checks(n, row.virtual_tags, row.monthly_cost).filter((check) => check.state === 'open')
    return [...new Set(open.flatMap((check) => [check.policy, `${check.policy}/${check.check}`]))]
  }

  private facetValues(row: MockRow, name: string): (string | null)[] {
    if (name === 'compliance') return [row.compliance]
    if (name === 'severity') return (Object.keys(row.open) as Severity[]).filter((severity) => row.open[severity] > 0)
    if (name === 'policy') return this.policiesOf(row).filter((one) => !one.includes('/'))
    if (name.startsWith('tag:')) return [row.virtual_tags.find((tag) => tag.key === name.slice(4))?.value ?? null]
    return [attribute(row, name)]
  }

  private facets({ params }: Call): Reply {
    const rows = this.matching(this.selection(params))
    const facets = (params.get('by') ?? '').split(',').filter(Boolean).map((name): Facet => {
      const counts = new Map<string | null, (string | null)[]>()
      for (const row of rows) {
        for (const value of this.facetValues(row, name)) {
          const costs = counts.get(value)
          if (costs) costs.push(row.monthly_cost)
          else counts.set(value, [row.monthly_cost])
        }
      }
      const values = [...counts].map(([value, costs]) => ({ value, resources: costs.length, monthly_cost: sum(costs) })).sort((a, b) => b.resources - a.resources)
      return { name, values: values.slice(0, 8), more: values.length > 8 }
    })
    return ok({ items: facets })
  }

  private decide(key: string, tag: string, value: string | null, actor: string, source: 'manual' | 'user_confirmed', action: string, note?: unknown): void {
    const row = this.inventory.row(this.index(key))
    const before = row.virtual_tags.find((one) => one.key === tag)?.value ?? null
    this.inventory.decide(key, tag, { value, at: new Date().toISOString(), actor, source })
    const details = { tag, old: before, new: value, note: typeof note === 'string' ? note : null }
    this.audit.push(entry(this.audit.length + 1, new Date(), actor, action, row.resource_id, details))
  }

  private tag(call: Call, key: string, tag: string): Reply {
    this.allow(call, 'decide_tags')
    const n = this.index(key)
    if (!TAGS.some((one) => one.key === tag)) throw new Refused(404, 'not-found', `There is no tag \`${tag}\``)
    const now = this.inventory.detail(n).virtual_tags.find((one) => one.key === tag)
    const expected = call.headers['if-match']
    if (now?.version && !expected) throw new Refused(428, 'precondition-required', `\`${tag}\` is decided`)
    if (expected && expected !== '*' && expected !== `"${now?.version}"`) {
      throw new Refused(412, 'precondition-failed', `\`${tag}\` has changed since you read it: it is now ${now?.value ?? 'missing'}${now?.decided_by ? `, decided by ${now.decided_by}` : ''}`)
    }
    const actor = actorOf(call)
    if (call.method === 'DELETE') {
      this.inventory.decide(key, tag, null)
      this.audit.push(entry(this.audit.length + 1, new Date(), actor, 'tag.unset', this.inventory.row(n).resource_id, { tag, old: now?.value ?? null, new: null }))
      return { status: 204 }
    }
    const value = String(call.body.value ?? '')
    checkValue(tag, value)
    this.decide(key, tag, value, actor, 'manual', 'tag.set', call.body.note)
    return ok({ key: tag, new_value: value })
  }

  private apply(call: Call): Reply {
    const changes = call.body.changes as TagChange[]
    this.allow(call, changes.some((change) => change.action === 'reject' || change.action === 'confirm') ? 'decide_suggestions' : 'decide_tags')
    const actor = actorOf(call)
    const decisions: unknown[] = []
    for (const key of call.body.resources as string[]) {
      for (const [at, change] of changes.entries()) {
        const row = this.inventory.row(this.index(key))
        const old = row.virtual_tags.find((tag) => tag.key === change.key)?.value ?? null
        if (change.action === 'set') checkValue(change.key, change.value ?? '', `/changes/${at}/value`)
        if (change.action === 'reject') {
          this.inventory.rejected.add(`vt_${key}_${change.key}`)
          this.audit.push(entry(this.audit.length + 1, new Date(), actor, 'tag.reject', row.resource_id, { tag: change.key, new: change.value ?? null }))
        } else {
          const value = change.value ?? changed(row, change, old) ?? null
          const isSet = change.action === 'set'
          this.decide(key, change.key, value, actor, isSet ? 'manual' : 'user_confirmed', isSet ? 'tag.set' : 'tag.confirm', call.body.note)
        }
        decisions.push({ resource_id: row.resource_id, key: change.key, action: change.action })
      }
    }
    return ok({ decisions, dryRun: false })
  }

  private preview(call: Call): Reply {
    this.allow(call, 'bulk')
    const selection = call.body as { resources?: string[]; q?: string; where?: string; compliance?: string; severity?: string; policy?: string }
    const change = (call.body.changes as TagChange[])[0] as TagChange
    if (!TAGS.some((tag) => tag.key === change.key)) throw new Refused(422, 'invalid-value', `There is no tag \`${change.key}\``, { pointer: '/changes/0/key' })
    if (change.action === 'set') checkValue(change.key, change.value ?? '', '/changes/0/value')
    const rows = selection.resources ? selection.resources.map((key) => this.inventory.row(this.index(key))) : this.matching(selection)
    const values = new Map<string, Bulk['values'][number]>()
    const changing: MockRow[] = []
    for (const row of rows) {
      const old = row.virtual_tags.find((tag) => tag.key === change.key)?.value ?? null
      // What is missing cannot be confirmed.
      if (change.action === 'confirm' && old === null) continue
      const next = changed(row, change, old)
      if (next === undefined || (next === old && change.action !== 'confirm')) continue
      changing.push(row)
      const key = JSON.stringify([old, next])
      const found = values.get(key) ?? { key: change.key, old, new: next, resources: 0 }
      found.resources += 1
      values.set(key, found)
    }
    const id = `bulk_${this.bulks.size + 1}`
    const violating = rows.filter((row) => row.compliance === 'violating')
    const ended = change.action === 'unset' ? 0 : Math.floor(violating.length / 3)
    const effect = {
      violating_before: violating.length,
      violating_after: violating.length - ended,
      violating_cost_before: sum(violating.map((row) => row.monthly_cost)),
      violating_cost_after: sum(violating.slice(ended).map((row) => row.monthly_cost)),
      findings: [{ severity: 'medium', before: violating.length, after: violating.length - ended }],
    }
    const preview = {
      id,
      state: 'previewed' as const,
      resources: rows.length,
      changed: changing.length,
      unchanged: rows.length - changing.length,
      change,
      request: call.body,
      effect,
      values: [...values.values()].sort((a, b) => b.resources - a.resources).slice(0, 50),
      requested_by: actorOf(call),
      requested_by_name: nameOf(actorOf(call)),
      cost: sum(changing.map((row) => row.monthly_cost)),
      done: 0,
      created_at: new Date().toISOString(),
      keys: changing.map((row) => row.key),
      startedAt: 0,
    }
    this.bulks.set(id, preview)
    return { status: 201, body: published(preview) }
  }

  private bulk(call: Call, id: string, action: string | undefined): Reply {
    const found = this.bulks.get(id)
    if (!found) throw new Refused(404, 'not-found', `There is no preview \`${id}\``)
    if (found.state === 'running' || found.state === 'undoing') {
      const share = Math.min(1, (Date.now() - found.startedAt) / 1500)
      found.done = Math.floor(found.changed * share)
      if (share === 1) found.state = found.state === 'running' ? 'done' : 'undone'
    }
    if (action) {
      this.allow(call, 'bulk')
      const actor = actorOf(call)
      found.state = action === 'apply' ? 'running' : 'undoing'
      found.startedAt = Date.now()
      found.done = 0
      for (const key of found.keys) {
        if (action === 'undo') {
          this.inventory.decide(key, found.change.key, null)
          continue
        }
        const row = this.inventory.row(this.index(key))
        const old = row.virtual_tags.find((tag) => tag.key === found.change.key)?.value ?? null
        const value = changed(row, found.change, old) ?? null
        const source = found.change.action === 'set' || found.change.action === 'unset' ? 'manual' : 'user_confirmed'
        this.inventory.decide(key, found.change.key, { value, at: new Date().toISOString(), actor, source })
      }
      this.audit.push(entry(this.audit.length + 1, new Date(), actor, action === 'apply' ? 'bulk.apply' : 'bulk.undo', id, { tag: found.change.key }))
      return { status: 202, body: published(found) }
    }
    return ok(published(found))
  }

  private jobAction(call: Call, id: string, action: string): Reply {
    this.allow(call, 'manage_schedules')
    const found = this.jobs.find((one) => one.id === id)
    if (!found) throw new Refused(404, 'not-found', `There is no job \`${id}\``)
    found.status = action === 'cancel' ? 'cancelled' : 'queued'
    found.error = null
    return { status: 204 }
  }

  private auditTrail(call: Call): Reply {
    this.allow(call, 'read_audit')
    const get = (name: string) => call.params.get(name) ?? undefined
    const [action, actor, object, since, until] = ['action', 'actor', 'object', 'since', 'until'].map(get)
    const found = this.audit
      .filter((one) => !action || (action.endsWith('.') ? one.action.startsWith(action) : one.action === action))
      .filter((one) => (!actor || one.performed_by === actor) && (!object || one.object === object))
      .filter((one) => (!since || one.timestamp >= since) && (!until || one.timestamp < until))
      .toReversed()
    const from = Number(call.params.get('cursor') ?? 0)
    const limit = Number(call.params.get('limit') ?? 50)
    return ok({ items: found.slice(from, from + limit), next: from + limit < found.length ? String(from + limit) : null })
  }
}

function entry(seq: number, at: Date, performed_by: string, action: string, object: string, details: AuditEntry['details']): AuditEntry {
  const hash = Array.from({ length: 8 }, (_, n) => Math.floor(random(seq, 100 + n) * 2 ** 32).toString(16).padStart(8, '0')).join('')
  return { seq, timestamp: at.toISOString(), performed_by, performed_by_name: nameOf(performed_by), action, project: 'shop', object, details, hash }
}

function published(preview: Bulk & { keys: string[]; startedAt: number; change: TagChange }): Bulk {
  const { keys: _, startedAt: __, change: ___, ...rest } = preview
  return rest
}

function changed(row: MockRow, change: TagChange, old: string | null): string | null | undefined {
  if (change.action === 'set') return change.value ?? null
  if (change.action === 'unset') return null
  if (old !== null) return old
  return row.suggestions.find((one) => one.key === change.key)?.value
}

function checkValue(tag: string, value: string | null, pointer = '/value'): void {
  if (value === null) return
  const values = TAGS.find((one) => one.key === tag)?.allowed_values
  const wrong = (detail: string, meant?: string) => new Refused(422, 'invalid-value', detail, { pointer, did_you_mean: meant ?? null })
  if (value.trim() === '') throw wrong('A value is missing')
  if (values && !values.includes(value)) throw wrong(`\`${value}\` is not a value of \`${tag}\`: it is one of ${values.join(', ')}`, values.find((one) => one.startsWith(value.slice(0, 2))))
  if (tag === 'owner' && !/^\S+@\S+\.\S+$/.test(value)) throw wrong(`\`${value}\` is not an email address`)
  if (tag === 'cost-center' && !/^[A-Z]{3}-[0-9]{3}$/.test(value)) throw wrong(`\`${value}\` does not have the form ABC-123`)
}

const actorOf = (call: Call): string => `user:usr_${call.role ?? 'viewer'}`

const ok = (body: unknown): Reply => ({ status: 200, body })

/** Returns a handler for Node's or Vite's server: everything below `/api/v1/`. */
export function mockServer(size = Number(process.env.MOCK_RESOURCES ?? 2_000)) {
  const mock = new Mock(size)
  const followers = new Set<ServerResponse>()
  return async (request: IncomingMessage, response: ServerResponse, next: () => void) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    if (!url.pathname.startsWith('/api/v1/')) return next()
    if (url.pathname === '/api/v1/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      response.write('id: 0\nevent: generation\ndata: {"generation":"g_20261130"}\n\n')
      followers.add(response)
      response.on('close', () => followers.delete(response))
      return
    }
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString()
    const role = /mock_role=(\w+)/.exec(request.headers.cookie ?? '')?.[1] as Role | undefined
    const call: Call = {
      method: request.method ?? 'GET',
      path: decodeURIComponent(url.pathname.slice('/api/v1/'.length)),
      params: url.searchParams,
      // The file of an upload is not looked at.
      body: text && request.headers['content-type'] === 'application/json' && url.pathname !== '/api/v1/snapshots' ? (JSON.parse(text) as Record<string, unknown>) : {},
      role,
      headers: request.headers,
    }
    if (role && call.path === 'conversation/questions') return mock.questions.answer(String(call.body.question), response)
    let reply: Reply
    try {
      reply = mock.handle(call)
      const event = /^changes\/.*apply$/.test(call.path) ? 'activity\ndata: {"action":"policy.change"}' : /^(virtual-tags|bulk)\b/.test(call.path) && call.method !== 'GET' ? 'tag\ndata: {}' : undefined
      if (event) followers.forEach((one) => one.write(`id: 1\nevent: ${event}\n\n`))
    } catch (error) {
      const body = error instanceof Refused ? error.body : { status: 500, code: 'internal', title: 'The server failed', detail: String(error) }
      reply = { status: body.status, body, headers: { 'content-type': 'application/problem+json' } }
    }
    response.writeHead(reply.status, { 'content-type': 'application/json', 'cache-control': 'no-store', ...reply.headers })
    response.end(reply.body === undefined ? undefined : JSON.stringify(reply.body))
  }
}
