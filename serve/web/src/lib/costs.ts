/** The view of the costs page, which is its address, and what it asks of the server. */
import type { CostLine, CostPart } from '../api/types'
import { all, equals, type Tags } from './condition'
import { isDay } from './days'
import { sumAmounts } from './money'

/** A value of a tag or an attribute; null is a missing value. */
export type Fixed = [name: string, value: string | null]

export interface CostView {
  /** The tag whose values are compared. */
  by?: string | undefined
  /** The tag whose values the trend shows. */
  trend?: string | undefined
  provider?: string | undefined
  /** The values that were opened, one within the other. */
  path?: Fixed[] | undefined
  /** The first and the last day, as `2026-10-01`. Both or none. */
  from?: string | undefined
  to?: string | undefined
  /** The periods of the trend. */
  period?: 'day' | 'month' | undefined
  /** The currency that is shown, if charges are in several. */
  currency?: string | undefined
}

const isName = (value: unknown): value is string => typeof value === 'string' && /^[\w.-]+$/.test(value)

/** Reads the parameters of an address; what is not valid is left out. */
export function readCostView(search: Record<string, unknown>): CostView {
  const view: CostView = {}
  for (const name of ['by', 'trend', 'provider', 'currency'] as const) if (isName(search[name])) view[name] = search[name]
  const { from, to, period } = search
  if (isDay(from) && isDay(to) && from <= to) Object.assign(view, { from, to })
  if (period === 'day' || period === 'month') view.period = period
  const path = Array.isArray(search.path) ? search.path.filter(isFixed) : []
  if (path.length > 0) view.path = path.filter(([name], at) => path.findIndex(([other]) => other === name) === at)
  return view
}

function isFixed(value: unknown): value is Fixed {
  return Array.isArray(value) && value.length === 2 && isName(value[0]) && (value[1] === null || typeof value[1] === 'string')
}

/** The tags that costs are usually summed up by; the first that the policies have. */
const USUAL = ['cost-center', 'team', 'project', 'owner']

/** The tags whose values are compared and shown over time: those of the view, if they are not opened to one value. */
export function shownTags(view: CostView, tags: Tags): { by: string | undefined; trendBy: string | undefined } {
  const names = (tags ?? []).map((tag) => tag.key)
  const isOpen = (name: string) => view.path?.some(([opened]) => opened === name) ?? false
  const chosen = (...wanted: (string | undefined)[]) => wanted.find((name) => name !== undefined && !isOpen(name))
  const by = chosen(view.by, ...USUAL.filter((name) => names.includes(name)), ...names)
  return { by, trendBy: chosen(view.trend, ...(names.includes('project') ? ['project'] : []), by) }
}

/** Everything that is fixed: the provider, and the values that were opened. */
function fixed(view: CostView): Fixed[] {
  return [...(view.provider ? [['resource.provider', view.provider] satisfies Fixed] : []), ...(view.path ?? [])]
}

/** Whether days are whole months. */
export function isWholeMonths(from: string, to: string): boolean {
  return from.endsWith('-01') && to === lastDay(to.slice(0, 7))
}

/** The last day of a month such as `2026-10`. */
export function lastDay(month: string): string {
  const [year = 0, number = 1] = month.split('-').map(Number)
  return `${month}-${new Date(Date.UTC(year, number, 0)).getUTCDate()}`
}

/**
 * The parameters of `GET /costs` for costs by some names. Fixed values are names too, and their lines are chosen: that way
 * shared costs are spread as in the report from which a value was opened, and sums are the same.
 */
export function costParams(view: CostView, names: readonly string[], period?: 'day' | 'month'): Record<string, string | boolean | undefined> {
  const values = fixed(view)
  const by = [...values.map(([name]) => name), ...names.filter((name) => !values.some(([other]) => other === name))]
  const isPartly = view.from && view.to ? !isWholeMonths(view.from, view.to) : false
  return {
    by: by.join(',') || undefined,
    lines: values.length > 0 ? JSON.stringify(Object.fromEntries(values.map(([name, value]) => [name, [value]]))) : undefined,
    period,
    from: view.from,
    to: view.to,
    // An invoice has no days; days are those of usage.
    by_usage_date: isPartly || undefined,
  }
}

/** A line with the values of the names that were asked for. */
export type Line = Pick<CostLine, 'period' | 'values' | 'resources' | 'cost' | 'shared' | 'no_resource'>

/** The lines of a response to `costParams` of the same view and names, without the values that are fixed. */
export function linesOf(part: CostPart | undefined, view: CostView, names: readonly string[]): Line[] {
  const values = fixed(view)
  const by = [...values.map(([name]) => name), ...names.filter((name) => !values.some(([other]) => other === name))]
  const places = names.map((name) => by.indexOf(name))
  return (part?.lines ?? []).map((line) => ({ ...line, values: places.map((at) => line.values[at] ?? null) }))
}

/** The condition of the list of resources that a part of the costs is about. */
export function resourcesOf(view: CostView, more: readonly Fixed[], tags: Tags): string | undefined {
  const values = fixed(view)
  return all([...values, ...more.filter(([name]) => !values.some(([other]) => other === name))].map(([name, value]) => equals(name, value, tags)))
}

/** The sum of lines; `0` if there are none. */
export function sumCosts(lines: readonly Pick<Line, 'cost'>[]): string {
  return sumAmounts(lines.map((line) => line.cost)) ?? '0'
}

/** Lines by their value of a name, the most expensive value first. */
export function byValue(lines: readonly Line[], at: number): [value: string | null, lines: Line[]][] {
  const found = new Map<string | null, Line[]>()
  for (const line of lines) {
    const value = line.values[at] ?? null
    const own = found.get(value)
    if (own) own.push(line)
    else found.set(value, [line])
  }
  return [...found].toSorted(([, a], [, b]) => Number(sumCosts(b)) - Number(sumCosts(a)))
}

/** A value with its costs in each period. */
export interface Series {
  /** undefined: all other values together. */
  value: string | null | undefined
  costs: string[]
}

/** The most expensive values over all periods, and what remains as one series. Periods without a line cost nothing. */
export function seriesOf(lines: readonly Line[], most: number): { periods: string[]; series: Series[] } {
  const periods = [...new Set(lines.map((line) => line.period ?? ''))].sort()
  const ordered = byValue(lines, 0)
  const costs = (own: readonly Line[]) => periods.map((period) => sumCosts(own.filter((line) => line.period === period)))
  const series: Series[] = ordered.slice(0, most).map(([value, own]) => ({ value, costs: costs(own) }))
  const rest = ordered.slice(most).flatMap(([, own]) => own)
  if (rest.length > 0) series.push({ value: undefined, costs: costs(rest) })
  return { periods, series }
}
