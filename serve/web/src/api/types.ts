/**
 * The types of `/api/v1`. Amounts of money are decimal texts, so that nothing is lost on the way; times are RFC 3339.
 * `null` means that there is none.
 */

export type Role = 'viewer' | 'editor' | 'admin' | 'super_admin'

export type Permission =
  | 'read_tags'
  | 'export'
  | 'own_views'
  | 'own_tokens'
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

export interface Me {
  id: string
  name: string
  role: Role
  tenant: string
  projects: string[]
  permissions: Permission[]
}

/** Where a value came from. Pages of resources have `decided` for what a person set or confirmed. */
export type TagSource = 'native' | 'rule_based' | 'inferred' | 'user_confirmed' | 'manual' | 'decided' | 'default'

export type Severity = 'critical' | 'high' | 'medium' | 'low'

export type Compliance = 'violating' | 'pending' | 'compliant' | 'out_of_scope'

export interface TagDefinition {
  name: string
  type: string
  /** The values that it may have; null: any of its type. */
  values: string[] | null
  doc: string
}

export interface PolicyDefinition {
  name: string
  severity: Severity
  doc: string
}

export interface TagSchema {
  generation: string
  /** When the inventory was evaluated. */
  evaluated_at: string
  resources: number
  currency: string | null
  /** Month of the costs, as `2026-10`. */
  month: string | null
  tags: TagDefinition[]
  policies: PolicyDefinition[]
}

/** A virtual tag on a page. */
export interface RowTag {
  key: string
  /** null: it is missing. */
  value: string | null
  source: TagSource | null
  /** From 0 to 1; below 1 for inferred values only. */
  confidence: number | null
}

export interface VirtualTag extends RowTag {
  /** `vt_<resource key>_<tag>`. */
  id: string
  rule: string | null
  decided_by: string | null
  created_at: string
  updated_at: string
  /** Number of the decision, for `If-Match`. null: it is not decided. */
  version: number | null
}

/** A value that the model suggests. */
export interface Suggestion {
  key: string
  value: string
  /** From 0 to 1. */
  confidence: number
  reasoning: string | null
  alternatives?: { value: string; confidence: number }[]
}

export interface ResourceBase {
  /** A short name in addresses: 16 hexadecimal digits. */
  key: string
  /** The id in its cloud. */
  resource_id: string
  resource_name: string | null
  provider: string | null
  resource_type: string | null
  account: string | null
  region: string | null
  monthly_cost: string | null
}

export interface ResourceRow extends ResourceBase {
  compliance: Compliance
  /** Open findings. */
  open: Record<Severity, number>
  virtual_tags: RowTag[]
  /** The best suggestion for each missing tag. */
  suggestions?: { key: string; value: string; confidence: number }[]
}

export interface ResourcePage {
  generation: string
  currency: string | null
  items: ResourceRow[]
  total: number | null
  total_cost?: string | null
  next?: string | null
}

export interface Violation {
  policy: string
  check: string
  severity: Severity
  state: 'open' | 'pending' | 'exempt' | 'undetermined'
  /** What the check asks for. */
  message: string
  tag: string | null
  /** The value of the tag that would fix it. */
  remedy: string | null
  since: string | null
  escalates_at?: string | null
}

export interface ComplianceState {
  is_compliant: boolean
  status: Compliance
  /** From 0 to 1; null: no check applies. */
  score: number | null
  violations: Violation[]
  passed?: { policy: string; check: string; severity: Severity; message: string }[]
  last_checked: string
}

export interface ResourceDetail extends ResourceBase {
  etag?: string
  currency: string | null
  virtual_tags: VirtualTag[]
  compliance_status: ComplianceState
  ml_suggestions: Suggestion[]
  created?: string | null
  cost_months?: { month: string; cost: string }[]
  projected_cost?: string | null
  neighbors?: { key: string; resource_name: string | null; resource_id: string; resource_type: string | null; relation: string }[]
}

export interface TimelineEntry {
  at: string
  kind: 'first_seen' | 'tag' | 'finding' | 'cost' | 'decision'
  tag: string | null
  old: string | null
  new: string | null
  actor: string | null
  text: string
}

export interface FacetValue {
  /** null: it is missing. */
  value: string | null
  resources: number
}

export interface Facet {
  /** `provider`, `compliance`, `severity`, or `tag:<name>`. */
  name: string
  /** The most frequent first. */
  values: FacetValue[]
  /** Whether there are more values. */
  more: boolean
}

/** A decision. `confirm` and `reject` without a value mean the suggested one. */
export interface TagChange {
  action: 'set' | 'unset' | 'confirm' | 'reject'
  key: string
  value?: string
}

/** Which resources: some, or all that a list selects. */
export type Selection =
  | { resources: string[] }
  | { q?: string; where?: string; compliance?: string; severity?: string }

export interface BulkPreview {
  id: string
  state: 'previewed' | 'running' | 'done' | 'undoing' | 'undone' | 'failed'
  resources: number
  changed: number
  unchanged: number
  forbidden: number
  change: TagChange
  note: string | null
  values: { old: string | null; new: string | null; resources: number }[]
  findings: { closed: number; opened: number }
  /** Monthly cost of the resources that change. */
  cost: string | null
  done: number
  created_at: string
}

export interface ComplianceStatus {
  rate: number
  checked_at: string
  resources: Record<Compliance, number>
  findings: Record<Severity, number>
  trend: { day: string; rate: number; open: number }[]
  policies: { name: string; severity: Severity; doc: string; resources: number; open: number; cost: string | null }[]
  issues: { policy: string; check: string; asks: string; tag: string | null; severity: Severity; open: number; cost: string | null; suggested: number }[]
  owners: { owner: string | null; open: number; cost: string | null }[]
  waivers: { name: string; policy: string; resources: number; until: string }[]
}

export interface CostLine {
  value: string | null
  cost: string
  resources: number
}

export interface Costs {
  month: string
  months: string[]
  currency: string
  total: string
  previous: string | null
  missing: string
  projection: { amount: string; low: string; high: string } | null
  by: string
  lines: CostLine[]
  environments: CostLine[]
  trend: { dimension: string; months: string[]; series: { value: string | null; costs: string[] }[] }
  matrix: { rows: (string | null)[]; columns: (string | null)[]; cells: { cost: string; resources: number }[][] }
}

export interface HomeSummary {
  score: number
  score_before: number | null
  trend: { day: string; rate: number; open: number }[]
  unowned: { cost: string; resources: number; where: string }
  worst: { policy: string; check: string; asks: string; severity: Severity; resources: number; cost: string | null; where: string }[]
  changes: { what: string; count: number; where: string | null }[]
  suggestions: { waiting: number; where: string }
}

export interface AuditEntry {
  seq: number
  timestamp: string
  performed_by: string
  action: string
  project: string
  object: string
  details: { tag?: string; old?: string | null; new?: string | null; note?: string | null; resources?: number }
  /** Hash of the entry and of all before it. */
  hash: string
}

export interface AuditPage {
  items: AuditEntry[]
  next: string | null
}

export interface Verification {
  intact: boolean
  entries: number | null
  broken_at: number | null
  reason: string | null
}

export interface Job {
  id: string
  queue: string
  kind: string
  status: 'queued' | 'running' | 'done' | 'dead' | 'cancelled'
  attempt: number
  progress: { done?: number; total?: number } | null
  error: string | null
  requested_by: string
  run_at: string
  created_at: string
  updated_at: string
}

export interface Schedule {
  name: string
  cron: string
  zone: string
  queue: string
  enabled: boolean
  next_at: string
  last_at: string | null
}

export interface User {
  id: string
  /** null: the person was erased. */
  email: string | null
  name: string
  role: Role
  status: 'active' | 'disabled' | 'erased'
  created_at: string
}

/** A user who was added, or who gets a new link. */
export interface UserLink {
  id: string
  /** Signs in once, within 24 hours. null: there is an account already. */
  link: string | null
}

export interface Token {
  id: string
  name: string
  role: Role
  created_at: string
  expires_at: string | null
  revoked_at: string | null
}

export interface Channel {
  id: string
  name: string
  kind: string
  target: string
  enabled: boolean
  last_delivery: { at: string; ok: boolean } | null
}

export interface View {
  id: string
  name: string
  search: string
  shared: boolean
}

export interface Insights {
  model: { id: string; trained_at: string; samples: number; state: 'active' | 'challenger' | 'archived' }[]
  tags: { tag: string; accuracy: number; baseline: number; tested: number; accepted: number; rejected: number }[]
  reliability: { confidence: number; accuracy: number; count: number }[]
  anomalies: { key: string; name: string; reason: string; cost: string | null }[]
}

/** An error, as `application/problem+json`. */
export interface ProblemBody {
  type?: string
  title: string
  status: number
  code: string
  detail: string
  pointer?: string | null
  parameter?: string | null
  help?: string | null
  did_you_mean?: string | null
  trace_id?: string | null
}
