/** The numbers of the pages that sum the inventory up. */
import type { CheckResult, ComplianceSummary, CostLine, Costs, Insights, ListedSuggestion, ResourceRow, TrendPoint } from '../src/api/types'
import { type Inventory, NOW, POLICIES, random, TAGS } from './data.ts'

function sample(inventory: Inventory): ResourceRow[] {
  return Array.from({ length: Math.min(inventory.size, 5_000) }, (_, n) => inventory.row(n))
}

export function compliance(inventory: Inventory): ComplianceSummary {
  const rows = sample(inventory)
  const scale = rows.length === 0 ? 1 : inventory.size / rows.length
  const checks = new Map<string, CheckResult & { costs: (string | null)[] }>()
  for (const policy of POLICIES) {
    for (const { id, message } of policy.checks) {
      checks.set(`${policy.name}/${id}`, { policy: policy.name, check: id, severity: policy.severity, message, in_scope: 0, open: 0, pending: 0, exempt: 0, monthly_cost: null, costs: [] })
    }
  }
  rows.forEach((row, n) => {
    for (const check of inventory.checks(n, row.virtual_tags, row.monthly_cost)) {
      const found = checks.get(`${check.policy}/${check.check}`)
      if (!found) continue
      found.in_scope += 1
      if (check.state === 'open') {
        found.open += 1
        found.costs.push(row.monthly_cost)
      } else if (check.state === 'pending' || check.state === 'exempt') found[check.state] += 1
    }
  })
  const count = (test: (row: ResourceRow) => boolean) => Math.round(scale * rows.filter(test).length)
  const weights = { critical: 8, high: 4, medium: 2, low: 1 }
  const all = [...checks.values()]
  const weight = all.reduce((sum, check) => sum + weights[check.severity] * check.in_scope, 0)
  const failed = all.reduce((sum, check) => sum + weights[check.severity] * check.open, 0)
  return {
    score: weight === 0 ? null : (weight - failed) / weight,
    resources: inventory.size,
    compliant: count((row) => row.compliance !== 'violating'),
    in_scope: count((row) => row.compliance !== 'out_of_scope'),
    passing: count((row) => row.compliance === 'compliant'),
    checks: all.map(({ costs, ...check }) => ({ ...check, monthly_cost: sum(costs) })),
    tags: TAGS.map((tag) => ({ key: tag.key, resources: count((row) => row.virtual_tags.some((one) => one.key === tag.key && one.value !== null)) })),
    currency: 'USD',
    generation: 'g_20261130',
    last_checked: NOW.toISOString(),
  }
}

export function trend(inventory: Inventory): TrendPoint[] {
  const now = compliance(inventory)
  if (inventory.size === 0) return []
  return Array.from({ length: 30 }, (_, at) => ({
    at: new Date(NOW.getTime() - (29 - at) * 86_400_000 - 3_600_000).toISOString(),
    score: Math.max(0, (now.score ?? 1) - (29 - at) * 0.004 + 0.012 * (random(at, 80) - 0.5)),
    resources: now.resources - (29 - at),
    compliant: now.compliant - 3 * (29 - at),
  }))
}

/** What the model suggests for rows, the most confident first. */
export function suggestions(rows: readonly ResourceRow[]): ListedSuggestion[] {
  return rows
    .flatMap((row) => (row.suggestions ?? []).map((one) => ({ ...one, id: `vt_${row.key}_${one.key}`, resource_id: row.resource_id, resource_name: row.resource_name, current: null })))
    .sort((a, b) => b.confidence - a.confidence)
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
    tags: TAGS.map((tag, n) => ({ tag: tag.key, accuracy: 0.97 - 0.04 * n, baseline: 0.8 - 0.06 * n, tested: 4_000 - 310 * n, accepted: 320 - 40 * n, rejected: 8 + 7 * n })),
    reliability: Array.from({ length: 10 }, (_, at) => ({ confidence: 0.05 + at * 0.1, accuracy: Math.min(1, Math.max(0, 0.05 + at * 0.1 + 0.05 * (random(at, 95) - 0.5))), count: 40 + at * at * 30 })),
    anomalies: sample(inventory).slice(3, 7).map((row) => ({ key: row.key, name: row.resource_name ?? row.resource_id, reason: 'The name contains `prod`, and `environment` is staging', cost: row.monthly_cost })),
  }
}

export function sum(amounts: (string | null)[]): string | null {
  const present = amounts.filter((one) => one !== null)
  return present.length === 0 ? null : present.reduce((total, one) => total + Number(one), 0).toFixed(2)
}
