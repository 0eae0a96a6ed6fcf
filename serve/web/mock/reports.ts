/** The numbers of the pages that sum the inventory up. */
import type { Compliance, ComplianceStatus, CostLine, Costs, HomeSummary, Insights, ResourceRow, Severity } from '../src/api/types'
import { type Inventory, NOW, POLICIES, random, TAGS } from './data.ts'

function sample(inventory: Inventory): ResourceRow[] {
  return Array.from({ length: Math.min(inventory.size, 5_000) }, (_, n) => inventory.row(n))
}

export function home(inventory: Inventory): HomeSummary {
  const rows = sample(inventory)
  const unowned = rows.filter((row) => row.virtual_tags.find((tag) => tag.key === 'owner')?.value === null)
  const status = compliance(inventory)
  return {
    score: status.rate * 100,
    score_before: status.rate * 100 - 1.4,
    trend: status.trend,
    unowned: { cost: sum(unowned.map((row) => row.monthly_cost)) ?? '0', resources: unowned.length, where: 'owner is missing' },
    worst: status.issues.slice(0, 3).map((issue) => ({
      policy: issue.policy,
      check: issue.check,
      asks: issue.asks,
      severity: issue.severity,
      resources: issue.open,
      cost: issue.cost,
      where: `${issue.policy === 'prod-tagging-standard' ? 'environment == production and ' : ''}${issue.tag} is missing`,
    })),
    changes: inventory.size === 0 ? [] : [
      { what: 'new resources', count: 12, where: null },
      { what: 'resources removed', count: 3, where: null },
      { what: 'findings opened', count: 9, where: null },
      { what: 'findings resolved', count: 21, where: null },
      { what: 'tags decided by people', count: 7, where: null },
    ],
    suggestions: { waiting: rows.reduce((total, row) => total + (row.suggestions?.length ?? 0), 0), where: 'owner is missing' },
  }
}

export function compliance(inventory: Inventory): ComplianceStatus {
  const rows = sample(inventory)
  const resources: Record<Compliance, number> = { violating: 0, pending: 0, compliant: 0, out_of_scope: 0 }
  const findings: Record<Severity, number> = { critical: 0, high: 0, medium: 0, low: 0 }
  const issues = new Map<string, ComplianceStatus['issues'][number] & { costs: (string | null)[] }>()
  const owners = new Map<string | null, { open: number; costs: (string | null)[] }>()
  rows.forEach((row, n) => {
    resources[row.compliance] += 1
    const owner = row.virtual_tags.find((tag) => tag.key === 'owner')?.value ?? null
    for (const check of inventory.checks(n, row.virtual_tags, row.monthly_cost)) {
      if (check.state !== 'open') continue
      findings[check.severity] += 1
      const key = `${check.policy}/${check.check}`
      const issue = issues.get(key) ?? { policy: check.policy, check: check.check, asks: check.message, tag: check.tag, severity: check.severity, open: 0, cost: null, suggested: 0, costs: [] }
      issue.open += 1
      issue.costs.push(row.monthly_cost)
      if (row.suggestions?.some((one) => one.key === check.tag)) issue.suggested += 1
      issues.set(key, issue)
      const own = owners.get(owner) ?? { open: 0, costs: [] }
      own.open += 1
      own.costs.push(row.monthly_cost)
      owners.set(owner, own)
    }
  })
  const listed = [...issues.values()].map(({ costs, ...issue }) => ({ ...issue, cost: sum(costs) }))
  const rank = { critical: 0, high: 1, medium: 2, low: 3 }
  listed.sort((a, b) => rank[a.severity] - rank[b.severity] || b.open - a.open)
  const counted = rows.length - resources.out_of_scope
  const rate = counted === 0 ? 1 : resources.compliant / counted
  return {
    rate,
    checked_at: NOW.toISOString(),
    resources,
    findings,
    trend: rows.length === 0 ? [] : Array.from({ length: 30 }, (_, at) => ({
      day: new Date(NOW.getTime() - (29 - at) * 86_400_000).toISOString().slice(0, 10),
      rate: Math.max(0, rate - (29 - at) * 0.004 + 0.012 * (random(at, 80) - 0.5)),
      open: Math.round(listed.reduce((all, one) => all + one.open, 0) * (1 + (29 - at) * 0.01)),
    })),
    policies: POLICIES.map((policy) => {
      const own = listed.filter((issue) => issue.policy === policy.name)
      return { ...policy, resources: rows.length, open: own.reduce((all, one) => all + one.open, 0), cost: sum(own.map((one) => one.cost)) }
    }),
    issues: listed,
    owners: [...owners].map(([owner, own]) => ({ owner, open: own.open, cost: sum(own.costs) })).sort((a, b) => b.open - a.open).slice(0, 10),
    waivers: rows.length === 0 ? [] : [{ name: 'legacy-reporting', policy: 'prod-tagging-standard', resources: 4, until: '2026-12-14' }],
  }
}

export function costs(inventory: Inventory, params: URLSearchParams): Costs {
  const by = params.get('by') ?? 'cost-center'
  const provider = params.get('provider')
  const rows = sample(inventory).filter((row) => !provider || row.provider === provider)
  const value = (row: ResourceRow, tag: string) => row.virtual_tags.find((one) => one.key === tag)?.value ?? null
  const months = ['2026-05', '2026-06', '2026-07', '2026-08', '2026-09', '2026-10']
  const month = params.get('month') ?? '2026-10'
  const factor = 0.7 + 0.06 * Math.max(0, months.indexOf(month))
  const total = Number(sum(rows.map((row) => row.monthly_cost)) ?? 0) * factor
  const lines = (tag: string): CostLine[] => {
    const groups = new Map<string | null, { cost: number; resources: number }>()
    for (const row of rows) {
      const own = groups.get(value(row, tag)) ?? { cost: 0, resources: 0 }
      own.cost += Number(row.monthly_cost ?? 0) * factor
      own.resources += 1
      groups.set(value(row, tag), own)
    }
    return [...groups].map(([found, own]) => ({ value: found, cost: own.cost.toFixed(2), resources: own.resources })).sort((a, b) => Number(b.cost) - Number(a.cost))
  }
  const projects = lines('project').slice(0, 7)
  const teams = lines('team').map((line) => line.value)
  const environments = lines('environment')
  const columns = environments.map((line) => line.value)
  return {
    month,
    months,
    currency: 'USD',
    total: total.toFixed(2),
    previous: month === '2026-05' ? null : (total * 0.93).toFixed(2),
    missing: lines(by).find((line) => line.value === null)?.cost ?? '0',
    projection: month === '2026-10' ? { amount: (total * 1.05).toFixed(2), low: (total * 1.01).toFixed(2), high: (total * 1.1).toFixed(2) } : null,
    by,
    lines: lines(by),
    environments,
    trend: { dimension: 'project', months, series: projects.map((line, n) => ({ value: line.value, costs: months.map((_, at) => (Number(line.cost) * (0.7 + 0.06 * at + 0.12 * random(n, 90 + at))).toFixed(2)) })) },
    matrix: {
      rows: teams,
      columns,
      cells: teams.map((team) => columns.map((environment) => {
        const own = rows.filter((row) => value(row, 'team') === team && value(row, 'environment') === environment)
        return { cost: sum(own.map((row) => row.monthly_cost)) ?? '0', resources: own.length }
      })),
    },
  }
}

export function insights(inventory: Inventory): Insights {
  return {
    model: [
      { id: 'model-2026-11-24', trained_at: '2026-11-24T00:04:00Z', samples: 41_233, state: 'active' },
      { id: 'model-2026-11-30', trained_at: '2026-11-30T00:04:00Z', samples: 42_870, state: 'challenger' },
      { id: 'model-2026-11-17', trained_at: '2026-11-17T00:04:00Z', samples: 40_012, state: 'archived' },
    ],
    tags: TAGS.map((tag, n) => ({ tag: tag.name, accuracy: 0.97 - 0.04 * n, baseline: 0.8 - 0.06 * n, tested: 4_000 - 310 * n, accepted: 320 - 40 * n, rejected: 8 + 7 * n })),
    reliability: Array.from({ length: 10 }, (_, at) => ({ confidence: 0.05 + at * 0.1, accuracy: Math.min(1, Math.max(0, 0.05 + at * 0.1 + 0.05 * (random(at, 95) - 0.5))), count: 40 + at * at * 30 })),
    anomalies: sample(inventory).slice(3, 7).map((row) => ({ key: row.key, name: row.resource_name ?? row.resource_id, reason: 'The name contains `prod`, and `environment` is staging', cost: row.monthly_cost })),
  }
}

export function sum(amounts: (string | null)[]): string | null {
  const present = amounts.filter((one) => one !== null)
  return present.length === 0 ? null : present.reduce((total, one) => total + Number(one), 0).toFixed(2)
}
