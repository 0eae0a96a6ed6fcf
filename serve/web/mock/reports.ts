/** The numbers of the pages that sum the inventory up. */
import type { CheckResult, ComplianceSummary, Finding, ListedSuggestion, ResourceRow, TrendPoint } from '../src/api/types'
import { type Inventory, type MockRow, NOW, POLICIES, random, TAGS } from './data.ts'

function sample(inventory: Inventory): MockRow[] {
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

/** Findings of some policies, or of all. */
export function findings(inventory: Inventory, policies: string[] | undefined): Finding[] {
  return sample(inventory).flatMap((row, n) =>
    inventory
      .checks(n, row.virtual_tags, row.monthly_cost)
      .filter((check) => check.state !== 'passing' && (!policies || policies.includes(check.policy)))
      .map(
        (check): Finding => ({
          ...check,
          state: check.state as Finding['state'],
          fingerprint: `${row.key}-${check.policy}-${check.check}`,
          value: null,
          escalation_due: false,
          key: row.key,
          resource_id: row.resource_id,
          resource_name: row.resource_name,
          monthly_cost: row.monthly_cost,
        }),
      ),
  )
}

/** What the model suggests for rows, the most confident first. */
export function suggestions(rows: readonly MockRow[]): ListedSuggestion[] {
  return rows
    .flatMap((row) => row.suggestions.map((one) => ({ ...one, id: `vt_${row.key}_${one.key}`, resource_key: row.key, resource_id: row.resource_id, resource_name: row.resource_name, current: null })))
    .sort((a, b) => b.confidence - a.confidence)
}

export function sum(amounts: (string | null)[]): string | null {
  const present = amounts.filter((one) => one !== null)
  return present.length === 0 ? null : present.reduce((total, one) => total + Number(one), 0).toFixed(2)
}
