import { formatDay, formatMonth } from '../../lib/format'
import { type CostView, isWholeMonths } from '../../lib/costs'

export const MISSING = '(missing)'

export const labelOf = (value: string | null): string => value ?? MISSING

/** The days of a view in words; `month` is the one that the server takes by default. */
export function daysLabel(view: CostView, month: string | null): string {
  const { from, to } = view
  if (!from || !to) return month ? formatMonth(month) : 'A month'
  if (!isWholeMonths(from, to)) return `${formatDay(from)} – ${formatDay(to)}`
  const [first, last] = [from.slice(0, 7), to.slice(0, 7)]
  return first === last ? formatMonth(first) : `${formatMonth(first)} – ${formatMonth(last)}`
}

/** `2026-10` and `2026-10-31`, as short as an axis needs them. */
export function periodLabel(period: string): string {
  return period.length === 7 ? formatMonth(period) : formatDay(period)
}
