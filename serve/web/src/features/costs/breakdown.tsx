import type { CostView, Fixed, Line } from '../../lib/costs'
import { resourcesOf, sumCosts } from '../../lib/costs'
import { Link } from '@tanstack/react-router'
import type { Tags } from '../../lib/condition'
import { formatAmount, formatCount, formatPercent } from '../../lib/format'
import { Meter } from '../../ui/badge'
import { Select } from '../../ui/select'
import { QueryState, Skeleton } from '../../ui/states'
import { right, Table } from '../../ui/table'
import { labelOf } from './labels'
import type { Costs } from './query'

interface BreakdownProps {
  view: CostView
  tags: Tags
  by: string
  costs: { data: Costs | undefined; error: unknown; isPending: boolean; refetch: () => unknown }
  open: (value: Fixed) => void
  onBy: (by: string) => void
}

/** The ten most expensive values of a tag, and what remains. Each opens. */
export function Breakdown({ view, tags, by, costs, open, onBy }: BreakdownProps) {
  const opened = (view.path ?? []).map(([name]) => name)
  const options = (tags ?? []).map((tag) => tag.key).filter((name) => !opened.includes(name))
  return (
    <section className="card">
      <div className="card-head">
        <h2>By {by}</h2>
        <span className="no-print">
          <Select label="Tag" value={by} options={options.map((one) => [one, one])} onChange={onBy} />
        </span>
      </div>
      <div className="card-body">
        <QueryState query={costs} loading={<Skeleton height={280} />}>
          {({ lines, currency }) => (
            <>
              <Bars lines={lines} by={by} open={open} />
              <details className="chart-table">
                <summary>Show all as a table</summary>
                <LinesTable lines={lines} by={by} currency={currency} view={view} tags={tags} />
              </details>
            </>
          )}
        </QueryState>
      </div>
    </section>
  )
}

function Bars({ lines, by, open }: { lines: Line[]; by: string; open: (value: Fixed) => void }) {
  const [top, rest] = [lines.slice(0, 10), lines.slice(10)]
  const most = Math.max(...top.map((line) => Number(line.cost)), 1)
  const restCost = sumCosts(rest)
  return (
    <ol className="bars">
      {top.map((line) => {
        const value = line.values[0] ?? null
        return (
          <li key={value ?? '\0'} className="bar-line">
            <button type="button" className={`link truncate${value === null ? ' missing' : ''}`} title={`${by} ${labelOf(value)}`} onClick={() => open([by, value])}>
              {labelOf(value)}
            </button>
            <Meter share={Number(line.cost) / most} look={value === null ? 'poor' : ''} />
            <span className="right">{formatAmount(line.cost)}</span>
          </li>
        )
      })}
      {rest.length > 0 ? (
        <li className="bar-line dim">
          <span>{formatCount(rest.length)} more</span>
          <Meter share={Number(restCost) / most} />
          <span className="right">{formatAmount(restCost)}</span>
        </li>
      ) : null}
    </ol>
  )
}

function LinesTable({ lines, by, currency, view, tags }: { lines: Line[]; by: string; currency: string | null; view: CostView; tags: Tags }) {
  const total = Number(sumCosts(lines))
  const isShared = lines.some((line) => Number(line.shared) !== 0)
  return (
    <Table label={`Costs by ${by}, as a table`} columns={[by, right('Resources'), ...(isShared ? [right('Shared costs in it')] : []), right(currency ?? 'Cost'), right('Share')]}>
      {lines.map((line) => {
        const value = line.values[0] ?? null
        return (
          <tr key={value ?? '\0'}>
            <td className="wrap-anywhere">
              <Link to="/resources" search={{ filter: resourcesOf(view, [[by, value]], tags) }} className={value === null ? 'missing' : ''}>
                {labelOf(value)}
              </Link>
            </td>
            <td className="right">{formatCount(line.resources)}</td>
            {isShared ? <td className="right">{formatAmount(line.shared)}</td> : null}
            <td className="right">{formatAmount(line.cost)}</td>
            <td className="right">{total > 0 ? formatPercent(Number(line.cost) / total, 1) : ''}</td>
          </tr>
        )
      })}
    </Table>
  )
}
