/** A made-up inventory of three clouds. Row `n` follows from `n`, so that a million rows take no memory until they are read. */
import type {
  Compliance,
  Policy,
  ResourceDetail,
  ResourceRow,
  Severity,
  TagDefinition,
  TagSource,
  TimelineEvent,
  Violation,
  VirtualTag,
} from '../src/api/types'

export const NOW = new Date('2026-11-30T09:00:00Z')

export const TAGS: TagDefinition[] = [
  { key: 'environment', type: 'enumeration', allowed_values: ['production', 'staging', 'development', 'sandbox', 'test'], description: 'Stage of the life cycle.' },
  { key: 'team', type: 'text', allowed_values: null, description: 'The team that runs it.' },
  { key: 'owner', type: 'email', allowed_values: null, description: "The owner's email address, preferably that of a team." },
  { key: 'cost-center', type: 'text matching [A-Z]{3}-[0-9]{3}', allowed_values: null, description: 'Where the cost is booked.' },
  { key: 'project', type: 'text', allowed_values: null, description: 'The product or project.' },
  { key: 'data-classification', type: 'enumeration', allowed_values: ['public', 'internal', 'confidential', 'restricted'], description: 'The most sensitive data in it.' },
]

export const POLICIES: Policy[] = [
  {
    name: 'prod-tagging-standard',
    severity: 'critical',
    description: 'Production resources have an owner, a cost center and a classification.',
    checks: [
      { id: 'owner', message: '`owner` is an email address', tag: 'owner' },
      { id: 'cost-center', message: '`cost-center` has the form ABC-123', tag: 'cost-center' },
      { id: 'data-classification', message: '`data-classification` is set', tag: 'data-classification' },
    ],
    controls: [
      { framework: 'soc2', id: 'CC6.1' },
      { framework: 'iso27001', id: 'A.5.9' },
    ],
    waivers: [{ check: 'data-classification', until: '2026-12-14', because: 'DATA-118: the warehouse is classified table by table' }],
  },
  {
    name: 'high-cost-governance',
    severity: 'high',
    description: 'Resources above 500 USD a month belong to a project.',
    checks: [{ id: 'project', message: '`project` is set', tag: 'project' }],
    controls: [],
    waivers: [{ check: null, until: '2027-06-30', because: 'Migration of the data center' }],
  },
  {
    name: 'required-tags',
    severity: 'medium',
    description: 'Every resource has an environment and a team.',
    checks: [
      { id: 'environment', message: '`environment` is set', tag: 'environment' },
      { id: 'team', message: '`team` is set', tag: 'team' },
    ],
    controls: [],
    waivers: [],
  },
]

const TEAMS = ['payments', 'search', 'catalog', 'data-platform', 'media', 'risk', 'crm', 'orders', 'platform', 'Kundendienstverwaltungsplattform']
const PROJECTS = ['checkout', 'ledger', 'search', 'vault', 'catalog', 'media', 'orders', 'fraud', 'inbox', 'reporting']
const CENTERS = ['ENG-014', 'ENG-021', 'FIN-003', 'MKT-007', 'OPS-001', 'DAT-009', 'SEC-002', 'SUP-011', 'RND-030', 'HRX-004', 'LEG-001', 'ADM-012']
const REGIONS: Record<string, string[]> = {
  aws: ['eu-west-1', 'us-east-1', 'eu-central-1'],
  azure: ['westeurope', 'northeurope'],
  gcp: ['europe-west4', 'us-central1'],
}
const TYPES: Record<string, string[]> = {
  aws: ['ec2:instance', 'rds:db', 's3:bucket', 'lambda:function', 'dynamodb:table'],
  azure: ['microsoft.sql/servers/databases', 'microsoft.compute/virtualmachines', 'microsoft.storage/storageaccounts'],
  gcp: ['compute.googleapis.com/Instance', 'storage.googleapis.com/Bucket', 'container.googleapis.com/Cluster'],
}

/** A number from 0 to 1 that follows from `n` and `salt`. */
export function random(n: number, salt: number): number {
  let x = Math.imul(n + 1, 0x9e3779b1) ^ Math.imul(salt + 7, 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad)
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97)
  return ((x ^ (x >>> 15)) >>> 0) / 2 ** 32
}

const pick = <T>(list: readonly T[], n: number, salt: number): T => list[Math.floor(random(n, salt) * list.length)] as T

/** The names of people by their ids. */
export const PEOPLE: Record<string, string> = { usr_viewer: 'Vera Lind', usr_editor: 'Mira Novak', usr_admin: 'Ada Okafor', usr_super_admin: 'Sol Berg' }

export const nameOf = (actor: string): string => PEOPLE[actor.replace('user:', '')] ?? actor

/** A decision of a person in this session: a value, or null for an unset tag. */
export interface Decision {
  value: string | null
  at: string
  actor: string
  source: TagSource
}

/** A row, and what the model would say about its missing tags. */
export type MockRow = ResourceRow & { suggestions: { key: string; value: string; confidence: number; alternatives: { value: string; probability: number }[]; reasons: string[] }[] }

/** A check that applies, passing or not. */
export type MockCheck = Omit<Violation, 'state'> & { state: Violation['state'] | 'passing' }

export class Inventory {
  readonly decisions = new Map<string, Map<string, Decision>>()
  readonly rejected = new Set<string>()

  constructor(readonly size: number) {}

  keyOf(n: number): string {
    return `${(Math.floor(random(n, 99) * 2 ** 32)).toString(16).padStart(8, '0')}${n.toString(16).padStart(8, '0')}`
  }

  indexOf(key: string): number | undefined {
    const n = /^[0-9a-f]{16}$/.test(key) ? Number.parseInt(key.slice(8), 16) : Number.NaN
    return n < this.size && this.keyOf(n) === key ? n : undefined
  }

  decide(key: string, tag: string, decision: Decision | null): void {
    const own = this.decisions.get(key) ?? new Map<string, Decision>()
    if (decision) own.set(tag, decision)
    else own.delete(tag)
    this.decisions.set(key, own)
  }

  /** What the model would give a tag. */
  predicted(n: number, tag: string): { value: string; confidence: number } | null {
    if (random(n, 40 + TAGS.findIndex((one) => one.key === tag)) < 0.2) return null
    const confidence = 0.62 + 0.36 * random(n, 50)
    const value = this.truth(n, tag)
    return value === null ? null : { value, confidence }
  }

  private truth(n: number, tag: string): string | null {
    const team = pick(TEAMS, n, 1)
    switch (tag) {
      case 'environment':
        return pick(['production', 'production', 'staging', 'development', 'test'], n, 2)
      case 'team':
        return team
      case 'owner':
        return `${team.toLowerCase()}@shop.example`
      case 'cost-center':
        return pick(CENTERS, n, 3)
      case 'project':
        return pick(PROJECTS, n, 4)
      case 'data-classification':
        return pick(['internal', 'confidential', 'public', 'restricted'], n, 5)
      default:
        return null
    }
  }

  private tag(n: number, key: string, name: string, index: number): VirtualTag {
    const id = `vt_${key}_${name}`
    const base: VirtualTag = { id, key: name, value: null, source: null, confidence: null, rule: null, decided_by: null, decided_by_name: null, created_at: NOW.toISOString(), updated_at: NOW.toISOString(), version: null }
    const decision = this.decisions.get(key)?.get(name)
    if (decision) {
      return { ...base, value: decision.value, source: decision.value === null ? null : decision.source, confidence: 1, decided_by: decision.actor, decided_by_name: nameOf(decision.actor), created_at: decision.at, updated_at: decision.at, version: 7 }
    }
    const missing = [0.06, 0.12, 0.38, 0.3, 0.34, 0.5][index] ?? 0.3
    const chance = random(n, 20 + index)
    if (chance < missing) return base
    const value = n % 997 === 13 && name === 'project' ? '<img src=x onerror=alert(1)>' : this.truth(n, name)
    const kind = (chance - missing) / (1 - missing)
    const at = new Date(NOW.getTime() - Math.floor(random(n, 30 + index) * 60) * 86_400_000).toISOString()
    if (kind < 0.55) return { ...base, value, source: 'native', confidence: 1, created_at: at, updated_at: at }
    if (kind < 0.75) return { ...base, value, source: 'rule_based', rule: name === 'team' ? 'team-of-account' : `${name}-of-name`, confidence: 1, created_at: at, updated_at: at }
    if (kind < 0.87) return { ...base, value, source: 'inferred', confidence: 0.9 + 0.09 * random(n, 31), created_at: at, updated_at: at }
    if (kind < 0.95) return { ...base, value, source: 'user_confirmed', confidence: 1, created_at: at, updated_at: at, decided_by: 'user:usr_editor', decided_by_name: nameOf('user:usr_editor'), version: 1 }
    return { ...base, value, source: 'default', confidence: 1 }
  }

  row(n: number): MockRow {
    const key = this.keyOf(n)
    const provider = pick(['aws', 'aws', 'azure', 'gcp'], n, 6)
    const type = pick(TYPES[provider] ?? [], n, 7)
    const region = pick(REGIONS[provider] ?? [], n, 8)
    const project = pick(PROJECTS, n, 4)
    const environment = this.truth(n, 'environment') === 'production' ? 'prod' : pick(['stg', 'dev', 'qa'], n, 9)
    const name = n % 61 === 60 ? null : `${project}-${environment}-${String(n).padStart(4, '0')}`
    const account = provider === 'aws' ? `11112222${3000 + Math.floor(random(n, 10) * 6)}` : provider === 'azure' ? 'shop-subscription' : 'shop-analytics'
    const id =
      provider === 'aws'
        ? `arn:aws:${type.split(':')[0]}:${region}:${account}:${type.split(':')[1]}/${name ?? key}`
        : provider === 'azure'
          ? `/subscriptions/${account}/resourceGroups/${project}/providers/${type}/${name ?? key}`
          : `//${type.split('/')[0]}/projects/${account}/${name ?? key}`
    // Falls with the row, so that the rows are in the order of their costs.
    const cost = n % 41 === 40 ? null : (18_204.1 * (1 - n / (this.size + 1)) ** 6 + 1 + random(n, 11)).toFixed(2)
    const virtual_tags = TAGS.map((tag, index) => this.tag(n, key, tag.key, index))
    const checks = this.checks(n, virtual_tags, cost)
    const open: Record<Severity, number> = { critical: 0, high: 0, medium: 0, low: 0 }
    for (const check of checks) if (check.state === 'open') open[check.severity] += 1
    const compliance: Compliance =
      checks.length === 0
        ? 'out_of_scope'
        : checks.some((check) => check.state === 'open')
          ? 'violating'
          : checks.some((check) => check.state === 'pending' || check.state === 'undetermined')
            ? 'pending'
            : 'compliant'
    const suggestions = virtual_tags.flatMap((tag, index) => {
      const predicted = tag.value === null && !this.rejected.has(tag.id) && !this.decisions.get(key)?.has(tag.key) ? this.predicted(n, tag.key) : null
      if (!predicted) return []
      const word = name?.split('-')[0] ?? 'this type'
      const reasons = [`37 of 38 resources in account ${account} with \`${word}\` in the name have this value`, `the name contains \`${word}\` (+0.41)`]
      const other = TAGS[index]?.allowed_values?.find((value) => value !== predicted.value) ?? 'payments'
      return [{ key: tag.key, ...predicted, alternatives: [{ value: other, probability: (1 - predicted.confidence) / 2 }], reasons }]
    })
    return { key, resource_id: id, resource_name: name, resource_type: type, provider, account, region, monthly_cost: cost, compliance, open, virtual_tags, suggestions }
  }

  checks(n: number, tags: readonly Pick<VirtualTag, 'key' | 'value'>[], cost: string | null): MockCheck[] {
    const value = (name: string) => tags.find((tag) => tag.key === name)?.value ?? null
    const since = new Date(NOW.getTime() - Math.floor(1 + random(n, 12) * 40) * 86_400_000).toISOString()
    const check = (policyName: string, id: string): MockCheck => {
      const policy = POLICIES.find((one) => one.name === policyName) as Policy
      const { message, tag } = policy.checks.find((one) => one.id === id) as Policy['checks'][number]
      const passes = value(tag ?? '') !== null
      const chance = random(n, 60 + id.length)
      const state = passes ? 'passing' : chance < 0.08 ? 'pending' : chance < 0.12 ? 'exempt' : 'open'
      const suggested = this.predicted(n, tag ?? '')
      const remedy = passes ? null : tag === 'data-classification' ? 'internal' : suggested && suggested.confidence > 0.9 ? suggested.value : null
      return {
        policy: policyName,
        check: id,
        severity: policy.severity,
        state,
        message,
        tag,
        since: passes ? null : since,
        remedy,
      }
    }
    const checks: MockCheck[] = []
    if (value('environment') === 'production') {
      checks.push(
        check('prod-tagging-standard', 'owner'),
        check('prod-tagging-standard', 'cost-center'),
        check('prod-tagging-standard', 'data-classification'),
      )
    }
    if (cost !== null && Number(cost) > 500) checks.push(check('high-cost-governance', 'project'))
    if (n % 17 !== 16) {
      checks.push(
        check('required-tags', 'environment'),
        check('required-tags', 'team'),
      )
    }
    const rank = { open: 0, undetermined: 1, pending: 2, exempt: 3, passing: 4 }
    return checks.sort((a, b) => rank[a.state] - rank[b.state])
  }

  detail(n: number): ResourceDetail {
    const { compliance, open: _, suggestions, virtual_tags: __, ...base } = this.row(n)
    const virtual_tags = TAGS.map((tag, index) => this.tag(n, base.key, tag.key, index))
    const checks = this.checks(n, virtual_tags, base.monthly_cost)
    const weights = { critical: 8, high: 4, medium: 2, low: 1 }
    const counted = checks.filter((check) => check.state !== 'undetermined')
    const weight = counted.reduce((sum, check) => sum + weights[check.severity], 0)
    const failed = counted.filter((check) => check.state === 'open').reduce((sum, check) => sum + weights[check.severity], 0)
    return {
      ...base,
      currency: 'USD',
      virtual_tags,
      compliance_status: {
        is_compliant: compliance !== 'violating',
        status: compliance,
        score: weight === 0 ? null : (weight - failed) / weight,
        violations: checks.filter((check): check is MockCheck & Violation => check.state !== 'passing'),
        last_checked: NOW.toISOString(),
      },
      ml_suggestions: suggestions.map((suggestion) => ({
        ...suggestion,
        reasoning: suggestion.reasons.join('; '),
      })),
      alerts: [],
    }
  }

  timeline(n: number): TimelineEvent[] {
    const day = (ago: number) => new Date(NOW.getTime() - ago * 86_400_000).toISOString()
    const none = { tag: null, old_value: null, new_value: null, performed_by: null, performed_by_name: null, note: null }
    const decided = [...(this.decisions.get(this.keyOf(n)) ?? new Map<string, Decision>())].map(
      ([tag, decision]): TimelineEvent => ({ ...none, at: decision.at, kind: decision.source === 'manual' ? 'set' : 'confirm', tag, new_value: decision.value, performed_by: decision.actor, performed_by_name: nameOf(decision.actor) }),
    )
    return [
      ...decided.reverse(),
      { ...none, at: day(18), kind: 'set', tag: 'cost-center', old_value: 'ENG-001', new_value: 'ENG-014', performed_by: 'user:usr_editor', performed_by_name: nameOf('user:usr_editor'), note: 'Moved with the team' },
      { ...none, at: day(29), kind: 'changed', tag: 'team', old_value: null, new_value: 'payments' },
      { ...none, at: day(90), kind: 'appeared' },
    ]
  }
}
