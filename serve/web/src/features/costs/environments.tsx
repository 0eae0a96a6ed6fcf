import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { CostView, Fixed, Line } from '../../lib/costs'
import { formatAmount, formatCount, formatMoney } from '../../lib/format'
import { Chart, type Palette } from '../../ui/chart'
import { QueryState, Skeleton } from '../../ui/states'
import { labelOf, MISSING } from './labels'
import { type Costs, costQuery } from './query'

const NAMES = ['environment']

/** A pie of the costs by environment. What is negative has no slice, but a row of the table. */
export function Environments({ view, open }: { view: CostView; open: (value: Fixed) => void }) {
  const costs = useQuery(costQuery(view, NAMES))
  return (
    <section className="card">
      <div className="card-head">
        <h2>By environment</h2>
      </div>
      <div className="card-body">
        <QueryState query={costs} loading={<Skeleton height={300} />}>
          {(data) => <Pie costs={data} open={open} />}
        </QueryState>
      </div>
    </section>
  )
}

function Pie({ costs: { lines, currency }, open }: { costs: Costs; open: (value: Fixed) => void }) {
  const option = useMemo(
    () => (colors: Palette) => ({
      tooltip: {
        renderMode: 'richText',
        backgroundColor: colors.card,
        borderColor: colors.edge,
        textStyle: { color: colors.ink },
        formatter: (one: { name: string; value: number; percent: number }) => `${one.name}\n${formatMoney(String(one.value), currency)}, ${one.percent}%`,
      },
      legend: { bottom: 0, type: 'scroll', icon: 'roundRect', itemWidth: 10, itemHeight: 10, textStyle: { color: colors.ink }, pageTextStyle: { color: colors.dim }, pageIconColor: colors.dim },
      series: [
        {
          type: 'pie',
          radius: ['52%', '78%'],
          center: ['50%', '44%'],
          label: { show: false },
          itemStyle: { borderColor: colors.card, borderWidth: 2 },
          data: lines
            .filter((line) => Number(line.cost) > 0)
            .map((line, at) => ({
              name: labelOf(line.values[0] ?? null),
              value: Number(line.cost),
              itemStyle: { color: line.values[0] === null ? colors.missing : colors.series[at % colors.series.length] },
            })),
        },
      ],
    }),
    [lines, currency],
  )
  return (
    <Chart
      label="Cost by environment"
      height={280}
      option={option}
      onSelect={(shown) => open(['environment', shown === MISSING ? null : shown])}
      table={<EnvironmentTable lines={lines} currency={currency} open={open} />}
    />
  )
}

function EnvironmentTable({ lines, currency, open }: { lines: Line[]; currency: string | null; open: (value: Fixed) => void }) {
  return (
    <table className="table">
      <thead>
        <tr>
          <th scope="col">Environment</th>
          <th scope="col" className="right">
            {currency ?? 'Cost'}
          </th>
          <th scope="col" className="right">
            Resources
          </th>
        </tr>
      </thead>
      <tbody>
        {lines.map(({ values: [value = null], cost, resources }) => (
          <tr key={value ?? '\0'}>
            <td className="wrap-anywhere">
              <button type="button" className={`link${value === null ? ' missing' : ''}`} onClick={() => open(['environment', value])}>
                {labelOf(value)}
              </button>
            </td>
            <td className="right">{formatAmount(cost)}</td>
            <td className="right">{formatCount(resources)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
