/** `GET costs`: each row costs its monthly cost in the last month, a little less in the month before, each day about the same. */
import type { CostLine, CostReport, CostTrend } from '../src/api/types'
import { type MockRow, random } from './data.ts'

const MONTHS = [
  { month: '2026-09', days: 30, share: 0.93 },
  { month: '2026-10', days: 31, share: 1 },
]

function valueOf(row: MockRow, name: string): string | null {
  if (name.startsWith('resource.')) return { provider: row.provider, account: row.account, region: row.region, type: row.resource_type }[name.slice(9)] ?? null
  return row.virtual_tags.find((tag) => tag.key === name)?.value ?? null
}

/** Periods that are asked for, with the part of the monthly cost that each has. */
function periods(params: URLSearchParams): [string | null, (at: number) => number][] {
  const [period, from, to] = ['period', 'from', 'to'].map((name) => params.get(name))
  const isIn = (day: string) => !from || !to || (day >= from && day <= to)
  const days = MONTHS.flatMap(({ month, days: length, share }) =>
    Array.from({ length }, (_, at) => `${month}-${String(at + 1).padStart(2, '0')}`).map((day, at): [string, (n: number) => number] => [day, (n) => (share / length) * (0.85 + 0.3 * random(n % 13, at))]),
  ).filter(([day]) => isIn(day))
  if (period === 'day') return days
  const months = MONTHS.filter(({ month }) => isIn(`${month}-15`))
  if (period === 'month') return months.map(({ month, share }) => [month, () => share])
  if (from && to) return [[null, (n) => days.reduce((sum, [, part]) => sum + part(n), 0)]]
  return [[null, () => 1]]
}

export function costs(rows: readonly MockRow[], params: URLSearchParams): CostReport {
  const by = (params.get('by') ?? '').split(',').filter(Boolean)
  const wanted = JSON.parse(params.get('lines') ?? '{}') as Record<string, (string | null)[]>
  const all = periods(params)
  const lines = new Map<string, CostLine>()
  rows.forEach((row, n) => {
    const values = by.map((name) => valueOf(row, name))
    if (by.some((name, at) => wanted[name] && !wanted[name].includes(values[at] ?? null))) return
    for (const [period, part] of all) {
      const key = JSON.stringify([period, values])
      const line = lines.get(key) ?? { period, values, resources: 0, cost: '0', shared: '0', no_resource: '0' }
      line.resources += 1
      line.cost = (Number(line.cost) + Number(row.monthly_cost ?? 0) * part(n)).toFixed(2)
      lines.set(key, line)
    }
  })
  const sorted = [...lines.values()].sort((a, b) => (a.period ?? '').localeCompare(b.period ?? '') || Number(b.cost) - Number(a.cost))
  const total = sorted.reduce((sum, line) => sum + Number(line.cost), 0).toFixed(2)
  return { parts: rows.length === 0 ? [] : [{ currency: 'USD', total, lines: sorted }], month: '2026-10', has_charges: true, unknown_amounts: 0 }
}

export function costTrend(size: number): CostTrend {
  if (size === 0) return { parts: [], unknown_amounts: 0 }
  const projection = { month: '2026-11', through: '2026-11-29', spent: '4930112.42', expected: '5102411.07', low: '5071840.11', high: '5132982.03', days: 28 }
  return { parts: [{ currency: 'USD', periods: ['2026-10', '2026-11'], series: [], totals: ['5040112.20', '4930112.42'], projection }], unknown_amounts: 0 }
}
