import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { type CostView, type Fixed, type Series, seriesOf } from '../../lib/costs'
import type { Tags } from '../../lib/condition'
import { formatAmount, formatCompact, formatMoney } from '../../lib/format'
import { Segmented } from '../../ui/button'
import { Chart, type Palette } from '../../ui/chart'
import { Select } from '../../ui/select'
import { QueryState, Skeleton } from '../../ui/states'
import { labelOf, periodLabel } from './labels'
import { costQuery, type Costs } from './query'

/** Values with a line of their own; the others are one. */
const MOST = 6

const PERIODS = [
  { value: 'day', label: 'Days' },
  { value: 'month', label: 'Months' },
] as const

interface TrendData {
  periods: string[]
  series: Series[]
  currency: string | null
}

/** At module level, so that the sums are made once for each response. */
const trendOf = ({ lines, currency }: Costs): TrendData => ({ ...seriesOf(lines, MOST), currency })

interface TrendProps {
  view: CostView
  tags: Tags
  by: string
  hasCharges: boolean
  open: (value: Fixed) => void
  onChange: (view: CostView) => void
}

/** What the values of a tag cost by day or month. Only bills have days. */
export function Trend({ view, tags, by, hasCharges, open, onChange }: TrendProps) {
  const { period = 'day' } = view
  const costs = useQuery({ ...costQuery(view, [by], period), enabled: hasCharges, select: trendOf })
  const opened = (view.path ?? []).map(([name]) => name)
  const options = (tags ?? []).map((tag) => tag.key).filter((name) => !opened.includes(name))
  return (
    <section className="card">
      <div className="card-head">
        <h2>Trend by {by}</h2>
        {hasCharges ? (
          <span className="row no-print">
            <Select label="Tag of the trend" value={by} options={options.map((one) => [one, one])} onChange={(trend) => onChange({ ...view, trend })} />
            <Segmented label="Periods" value={period} options={PERIODS} onChange={(next) => onChange({ ...view, period: next })} />
          </span>
        ) : null}
      </div>
      <div className="card-body">
        {hasCharges ? (
          <QueryState query={costs} loading={<Skeleton height={290} />}>
            {(data) => <TrendChart key={period} trend={data} by={by} open={open} />}
          </QueryState>
        ) : (
          <p className="dim">The inventory has the cost of one month. With a bill, costs have days and months.</p>
        )}
      </div>
    </section>
  )
}

const seriesLabel = (value: string | null | undefined) => (value === undefined ? 'all others' : labelOf(value))

function TrendChart({ trend, by, open }: { trend: TrendData; by: string; open: (value: Fixed) => void }) {
  const option = useMemo(() => trendOption(trend), [trend])
  const select = (_: string, name: string) => {
    const found = trend.series.find((one) => seriesLabel(one.value) === name)
    if (found && found.value !== undefined) open([by, found.value])
  }
  return <Chart label={`Cost by ${by} over time`} height={280} option={option} onSelect={select} table={<TrendTable {...trend} />} />
}

function trendOption({ periods, series, currency }: TrendData) {
  const isBars = periods.length <= 6
  return (colors: Palette) => ({
    grid: { left: 4, right: 10, top: 14, bottom: 34, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    tooltip: {
      trigger: 'axis',
      renderMode: 'richText',
      confine: true,
      order: 'valueDesc',
      backgroundColor: colors.card,
      borderColor: colors.edge,
      textStyle: { color: colors.ink },
      valueFormatter: (value: unknown) => formatMoney(String(value), currency),
    },
    legend: { bottom: 0, type: 'scroll', icon: 'roundRect', itemWidth: 10, itemHeight: 10, textStyle: { color: colors.ink }, pageTextStyle: { color: colors.dim }, pageIconColor: colors.dim },
    xAxis: { type: 'category', boundaryGap: isBars, data: periods.map(periodLabel), axisTick: { show: false }, axisLine: { lineStyle: { color: colors.edge } }, axisLabel: { color: colors.dim, hideOverlap: true } },
    yAxis: { type: 'value', splitNumber: 4, axisLabel: { color: colors.dim, formatter: (value: number) => formatCompact(value) }, splitLine: { lineStyle: { color: colors.edge } } },
    series: series.map((one, at) => {
      const color = one.value === null ? colors.missing : one.value === undefined ? colors.dim : colors.series[at % colors.series.length]
      return {
        type: isBars ? 'bar' : 'line',
        name: seriesLabel(one.value),
        stack: 'all',
        barMaxWidth: 64,
        showSymbol: false,
        triggerLineEvent: true,
        data: one.costs.map(Number),
        itemStyle: { color },
        lineStyle: { color, width: 1.5 },
        ...(isBars ? {} : { areaStyle: { color, opacity: 0.25 } }),
      }
    }),
  })
}

function TrendTable({ periods, series, currency }: TrendData) {
  return (
    <table className="table">
      <thead>
        <tr>
          <th scope="col">{currency ?? 'Cost'}</th>
          {series.map((one) => (
            <th key={one.value ?? String(one.value)} scope="col" className="right">
              {seriesLabel(one.value)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {periods.map((period, at) => (
          <tr key={period}>
            <td className="nowrap">{periodLabel(period)}</td>
            {series.map((one) => (
              <td key={one.value ?? String(one.value)} className="right">
                {formatAmount(one.costs[at])}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
