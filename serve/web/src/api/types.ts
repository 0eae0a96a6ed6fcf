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
  key: string
  /** Its type, in words. */
  type: string
  /** null: they are not listed. */
  allowed_values: string[] | null
  description: string
}

export interface TagSchema {
  /** In the order of the policies. */
  items: TagDefinition[]
}

export interface Policy {
  name: string
  severity: Severity
  description: string
  checks: { id: string; message: string; tag: string | null }[]
}

/** How far the resources of a filter comply. */
export interface ComplianceSummary {
  /** Share of checks without an open finding, weighted by severity, from 0 to 1. null: nothing is in scope. */
  score: number | null
  resources: number
  /** Without an open finding. */
  compliant: number
  /** A policy applies. */
  in_scope: number
  /** A policy applies, and nothing is open or pending. */
  passing: number
  checks: CheckResult[]
  /** Resources that have a value, by tag. */
  tags: { key: string; resources: number }[]
  currency: string | null
  generation: string
  last_checked: string
}

export interface CheckResult {
  policy: string
  check: string
  severity: Severity
  message: string
  in_scope: number
  open: number
  pending: number
  exempt: number
  /** Of the resources with an open finding. */
  monthly_cost: string | null
}

export interface TrendPoint {
  at: string
  score: number
  resources: number
  compliant: number
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
  next?: string | null
  /** If words were searched for and nothing was found. */
  similar?: { key: string; resource_id: string; resource_name: string | null }[]
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

export interface TimelineEvent {
  at: string
  /** `appeared`, `changed`, or what a person did. */
  kind: 'appeared' | 'changed' | 'set' | 'confirm' | 'reject' | 'unset'
  tag: string | null
  old_value: string | null
  new_value: string | null
  /** null: an evaluation saw it. */
  performed_by: string | null
  note: string | null
}

/** A suggestion in a list. */
export interface ListedSuggestion {
  /** The id of the virtual tag. */
  id: string
  resource_id: string
  resource_name: string | null
  /** The name of the tag. */
  key: string
  value: string
  confidence: number
  /** The value that the tag has. null: it is missing. */
  current: string | null
}

export interface FacetValue {
  /** null: it is missing. */
  value: string | null
  resources: number
  monthly_cost: string | null
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
  | { q?: string; where?: string; compliance?: string; severity?: string; policy?: string }

export interface Bulk {
  id: string
  state: 'previewed' | 'running' | 'done' | 'undoing' | 'undone'
  /** Resources that are selected. */
  resources: number
  /** Tags that change. */
  changed: number
  /** Tags that are decided in this way already. */
  unchanged: number
  /** The most frequent first. */
  values: { key: string; old: string | null; new: string | null; resources: number }[]
  /** Monthly cost of the selected resources. */
  cost: string | null
  done: number
  requested_by: string
  created_at: string
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
