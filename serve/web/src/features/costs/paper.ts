/** The costs that the page shows, as a report on paper. */
import { queries, queryClient } from '../../api/queries'
import { byValue, type CostView, type Line, seriesOf, sumCosts } from '../../lib/costs'
import type { Tags } from '../../lib/condition'
import { formatAmount, formatCount, formatMonth, formatPercent, formatProvider, formatWhole, plural } from '../../lib/format'
import type { Paper, PaperPart } from '../../parts/paper'
import { daysLabel, labelOf, periodLabel } from './labels'
import { type Costs, costQuery } from './query'

/** Values with a column of their own in the trend, which paper has room for. */
const MOST = 4

function values(title: string, { lines, currency }: Costs): PaperPart {
  const total = Number(sumCosts(lines))
  const most = Math.max(...lines.map((line) => Number(line.cost)), 1)
  return {
    kind: 'table',
    title,
    columns: [{ label: 'Value' }, { label: 'Resources', isNumber: true }, { label: currency ?? 'Cost', isNumber: true }, { label: 'Share', isNumber: true }],
    rows: lines.map((line) => [line.values[0] ?? null, formatCount(line.resources), formatAmount(line.cost), total > 0 ? formatPercent(Number(line.cost) / total, 1) : '']),
    shares: lines.map((line) => Number(line.cost) / most),
  }
}

function trend(by: string, { lines, currency }: Costs): PaperPart {
  const { periods, series } = seriesOf(lines, MOST)
  return {
    kind: 'table',
    title: `Trend by ${by}`,
    note: currency ?? '',
    columns: [{ label: 'Month' }, ...series.map((one) => ({ label: one.value === undefined ? 'all others' : labelOf(one.value), isNumber: true })), { label: 'Sum', isNumber: true }],
    rows: periods.map((period, at) => [periodLabel(period), ...series.map((one) => formatAmount(one.costs[at])), formatAmount(sumCosts(series.map((one) => ({ cost: one.costs[at] ?? '0' }))))]),
  }
}

function teams({ lines, currency }: Costs): PaperPart {
  const environments = byValue(lines, 1).map(([value]) => value)
  const rows = byValue(lines, 0).map(([team, own]) => [team, environments.map((value) => Number(sumCosts(own.filter((line: Line) => (line.values[1] ?? null) === value))))] as const)
  const most = Math.max(...rows.flatMap(([, costs]) => costs), 1)
  return {
    kind: 'table',
    title: 'Team and environment',
    note: currency ?? '',
    columns: [{ label: 'Team' }, ...environments.map((value) => ({ label: labelOf(value), isNumber: true }))],
    rows: rows.map(([team, costs]) => [team, ...costs.map(formatWhole)]),
    shades: rows.map(([, costs]) => costs.map((cost) => cost / most)),
  }
}

export async function costPaper(view: CostView, tags: Tags, by: string | undefined, trendBy: string | undefined): Promise<Paper> {
  const fetch = (names: string[], period?: 'month') => queryClient.fetchQuery(costQuery(view, names, period))
  const isFree = (name: string) => tags?.some((tag) => tag.key === name) && !view.path?.some(([opened]) => opened === name)
  const total = await fetch([])
  const parts: PaperPart[] = []
  const [sum] = total.lines
  const figures = [{ label: daysLabel(view, total.month), value: `${formatAmount(total.total)} ${total.currency ?? ''}`, note: plural(sum?.resources ?? 0, 'resource') }]
  const lines = by ? await fetch([by]) : undefined
  if (by && lines) {
    const missing = sumCosts(lines.lines.filter((line) => line.values[0] === null))
    figures.push({ label: `Without ${by}`, value: formatAmount(missing), note: Number(total.total) > 0 ? formatPercent(Number(missing) / Number(total.total), 1) : '' })
  }
  if (total.hasCharges && !view.provider && !view.path) {
    const projection = (await queryClient.fetchQuery(queries.costTrend())).parts.find((part) => part.currency === total.currency)?.projection
    if (projection) figures.push({ label: `${formatMonth(projection.month)}, expected`, value: formatAmount(projection.expected), note: `${formatWhole(projection.low)} to ${formatWhole(projection.high)}` })
  }
  parts.push({ kind: 'figures', figures })
  if (isFree('environment')) parts.push(values('By environment', await fetch(['environment'])))
  if (by && lines) parts.push(values(`By ${by}`, lines))
  if (trendBy && total.hasCharges) parts.push(trend(trendBy, await fetch([trendBy], 'month')))
  if (isFree('team') && isFree('environment')) parts.push(teams(await fetch(['team', 'environment'])))
  const filter = [...(view.provider ? [formatProvider(view.provider)] : []), ...(view.path ?? []).map(([name, value]) => `${name} ${labelOf(value)}`)]
  return { title: 'Costs', subtitle: [daysLabel(view, total.month), ...filter, 'by virtual tags'].join(' · '), parts }
}
