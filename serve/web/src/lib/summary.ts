/** Orders and sums of what the server counted. */
import type { CheckResult, Severity, TrendPoint } from '../api/types'

export const SEVERITIES: readonly Severity[] = ['critical', 'high', 'medium', 'low']

/** Checks with open findings: by severity, then by the cost of their resources, then by their number. */
export function worstChecks(checks: readonly CheckResult[]): CheckResult[] {
  const rank = (check: CheckResult) => SEVERITIES.indexOf(check.severity)
  return checks
    .filter((check) => check.open > 0)
    .toSorted((a, b) => rank(a) - rank(b) || Number(b.monthly_cost ?? 0) - Number(a.monthly_cost ?? 0) || b.open - a.open)
}

export function openBySeverity(checks: readonly CheckResult[]): Record<Severity, number> {
  const open = { critical: 0, high: 0, medium: 0, low: 0 }
  for (const check of checks) open[check.severity] += check.open
  return open
}

/** The last run of each of the last days that have one, the oldest first. */
export function lastDays(trend: readonly TrendPoint[], days: number): TrendPoint[] {
  const last = trend.at(-1)
  if (!last) return []
  const since = new Date(last.at).getTime() - (days - 1) * 86_400_000
  const byDay = new Map<string, TrendPoint>()
  for (const point of trend) {
    if (new Date(point.at).getTime() >= since) byDay.set(point.at.slice(0, 10), point)
  }
  return [...byDay.values()]
}

/** The findings of a policy. */
export function sumOf(checks: readonly CheckResult[], policy: string): { open: number; pending: number; exempt: number } {
  const sum = { open: 0, pending: 0, exempt: 0 }
  for (const check of checks) {
    if (check.policy !== policy) continue
    sum.open += check.open
    sum.pending += check.pending
    sum.exempt += check.exempt
  }
  return sum
}
