import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useMemo } from 'react'
import { address } from '../../api/client'
import { queries } from '../../api/queries'
import type { Costs } from '../../api/types'
import type { CostView } from '../../app/router'
import { equals, type Tags, valuesOfTag } from '../../lib/condition'
import { formatAmount, formatCount, formatMoney, formatMonth, formatPercent, formatProvider, formatWhole } from '../../lib/format'
import { Meter } from '../../ui/badge'
import { Button, buttonClass } from '../../ui/button'
import { Chart, type Palette } from '../../ui/chart'
import { DownloadIcon } from '../../ui/icons'
import { LoadingCards, QueryState, State } from '../../ui/states'
import './costs.css'

const route = getRouteApi('/shell/costs')

export function CostsPage() {
  const view = route.useSearch()
  const navigate = useNavigate()
  const tags = useQuery(queries.schema()).data?.items
  const by = view.by ?? 'cost-center'
  const params = { by, ...(view.month ? { month: view.month } : {}), ...(view.provider ? { provider: view.provider } : {}) }
  const costs = useQuery(queries.costs(params))
  const setView = (next: CostView) => void navigate({ to: '/costs', search: next, replace: true })
  return (
    <main className="page" id="main" tabIndex={-1}>
      <header className="page-head">
        <div>
          <h1>Costs</h1>
          <p className="dim">By virtual tags; shared costs are distributed as the policies say</p>
        </div>
        <div className="page-actions no-print">
          <Select label="Month" value={costs.data?.month ?? ''} options={(costs.data?.months ?? []).toReversed().map((month) => [month, formatMonth(month)])} onChange={(month) => setView({ ...view, month })} />
          <Select label="Provider" value={view.provider ?? ''} options={[['', 'All providers'], ...['aws', 'azure', 'gcp'].map((one): [string, string] => [one, formatProvider(one)])]} onChange={(provider) => setView({ ...view, ...(provider ? { provider } : { provider: undefined }) } as CostView)} />
          <a className={buttonClass('plain')} href={address('costs', { ...params, format: 'csv' })} download>
            <DownloadIcon /> CSV
          </a>
          <Button onClick={() => window.print()}>Print or PDF</Button>
        </div>
      </header>
      <QueryState query={costs} loading={<LoadingCards heights={[100, 320, 320]} />}>
        {(data) => (data.lines.length === 0 ? <Empty /> : <CostBody costs={data} tags={tags} by={by} onBy={(next) => setView({ ...view, by: next })} />)}
      </QueryState>
    </main>
  )
}

function Select({ label, value, options, onChange }: { label: string; value: string; options: [string, string][]; onChange: (value: string) => void }) {
  return (
    <select className="input cost-select" aria-label={label} value={value} onChange={(event) => onChange(event.target.value)}>
      {options.map(([one, text]) => (
        <option key={one} value={one}>
          {text}
        </option>
      ))}
    </select>
  )
}

function Empty() {
  return (
    <div className="card">
      <State title="No costs for this selection">
        <p>There is no bill for this month and provider. An administrator can add bills as files or from the export of the cloud.</p>
      </State>
    </div>
  )
}

const MISSING = '(missing)'
const name = (value: string | null) => value ?? MISSING

function CostBody({ costs, tags, by, onBy }: { costs: Costs; tags: Tags; by: string; onBy: (by: string) => void }) {
  const change = costs.previous && Number(costs.previous) !== 0 ? Number(costs.total) / Number(costs.previous) - 1 : null
  return (
    <>
      <div className="grid grid-3">
        <Figure label={formatMonth(costs.month)} value={costs.total} currency={costs.currency}>
          {change === null ? 'No month before to compare with' : `${change >= 0 ? '+' : '−'}${formatPercent(Math.abs(change), 1)} compared with the month before`}
        </Figure>
        <Figure label={`Without ${by}`} value={costs.missing} currency={costs.currency}>
          <Link to="/resources" search={{ filter: equals(by, null, null) }}>
            See what has no {by}
          </Link>
        </Figure>
        {costs.projection ? (
          <Figure label="Projected for the whole month" value={costs.projection.amount} currency={costs.currency}>
            Between {formatWhole(costs.projection.low)} and {formatWhole(costs.projection.high)}
          </Figure>
        ) : (
          <Figure label="Complete month" value={costs.total} currency={costs.currency}>
            Nothing to project
          </Figure>
        )}
      </div>
      <div className="cost-grid">
        <Environments costs={costs} tags={tags} />
        <Breakdown costs={costs} tags={tags} by={by} onBy={onBy} />
      </div>
      <Trend costs={costs} />
      <Matrix costs={costs} tags={tags} />
    </>
  )
}

function Figure({ label, value, currency, children }: { label: string; value: string; currency: string; children: React.ReactNode }) {
  return (
    <section className="card">
      <div className="card-body">
        <h2 className="figure-label cost-label">{label}</h2>
        <p>
          <span className="figure-value">{formatAmount(value)}</span> <span className="figure-unit">{currency}</span>
        </p>
        <p className="dim small">{children}</p>
      </div>
    </section>
  )
}

function useDrill(tags: Tags) {
  const navigate = useNavigate()
  return (tag: string, shown: string) => {
    const values = valuesOfTag(tag, tags)
    void navigate({ to: '/resources', search: { filter: equals(tag, shown === MISSING ? null : shown, values) } })
  }
}

function Environments({ costs, tags }: { costs: Costs; tags: Tags }) {
  const drill = useDrill(tags)
  const option = useMemo(
    () => (colors: Palette) => ({
      tooltip: { renderMode: 'richText', backgroundColor: colors.card, borderColor: colors.edge, textStyle: { color: colors.ink }, formatter: (one: { name: string; value: number; percent: number }) => `${one.name}\n${formatAmount(String(one.value))} ${costs.currency}, ${one.percent}%` },
      legend: { bottom: 0, icon: 'roundRect', itemWidth: 10, itemHeight: 10, textStyle: { color: colors.ink } },
      series: [
        {
          type: 'pie',
          radius: ['52%', '78%'],
          center: ['50%', '44%'],
          label: { show: false },
          itemStyle: { borderColor: colors.card, borderWidth: 2 },
          data: costs.environments.map((line, at) => ({ name: name(line.value), value: Number(line.cost), itemStyle: { color: line.value === null ? colors.missing : colors.series[at % colors.series.length] } })),
        },
      ],
    }),
    [costs],
  )
  return (
    <section className="card">
      <div className="card-head">
        <h2>By environment</h2>
      </div>
      <div className="card-body">
        <Chart label="Cost by environment" height={280} option={option} onSelect={(shown) => drill('environment', shown)} table={<LineTable lines={costs.environments} currency={costs.currency} head="Environment" />} />
      </div>
    </section>
  )
}

function LineTable({ lines, currency, head }: { lines: Costs['lines']; currency: string; head: string }) {
  return (
    <table className="table">
      <thead>
        <tr>
          <th scope="col">{head}</th>
          <th scope="col" className="right">
            {currency}
          </th>
          <th scope="col" className="right">
            Resources
          </th>
        </tr>
      </thead>
      <tbody>
        {lines.map((line) => (
          <tr key={line.value ?? '\0'}>
            <td className="wrap-anywhere">{name(line.value)}</td>
            <td className="right">{formatAmount(line.cost)}</td>
            <td className="right">{formatCount(line.resources)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** The ten most expensive values of a tag, and what remains. Every row leads to its resources. */
function Breakdown({ costs, tags, by, onBy }: { costs: Costs; tags: Tags; by: string; onBy: (by: string) => void }) {
  const top = costs.lines.slice(0, 10)
  const most = Math.max(...top.map((line) => Number(line.cost)), 1)
  const rest = costs.lines.slice(10)
  const restCost = rest.reduce((sum, line) => sum + Number(line.cost), 0)
  const values = valuesOfTag(by, tags)
  return (
    <section className="card">
      <div className="card-head">
        <h2>By {by}</h2>
        <span className="no-print">
          <Select label="Tag" value={by} options={(tags ?? [{ key: by }]).map((tag): [string, string] => [tag.key, tag.key])} onChange={onBy} />
        </span>
      </div>
      <div className="card-body">
        <ol className="bars">
          {top.map((line) => (
            <li key={line.value ?? '\0'} className="bar-line">
              <Link to="/resources" search={{ filter: equals(by, line.value, values) }} className={`truncate${line.value === null ? ' missing' : ''}`} title={name(line.value)}>
                {name(line.value)}
              </Link>
              <Meter share={Number(line.cost) / most} look={line.value === null ? 'poor' : ''} />
              <span className="right">{formatAmount(line.cost)}</span>
            </li>
          ))}
          {rest.length > 0 ? (
            <li className="bar-line dim">
              <span>{formatCount(rest.length)} more</span>
              <Meter share={restCost / most} />
              <span className="right">{formatAmount(restCost.toFixed(2))}</span>
            </li>
          ) : null}
        </ol>
      </div>
    </section>
  )
}

function Trend({ costs }: { costs: Costs }) {
  const { months, series, dimension } = costs.trend
  const option = useMemo(
    () => (colors: Palette) => ({
      grid: { left: 4, right: 12, top: 14, bottom: 34, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
      legend: { bottom: 0, type: 'scroll', icon: 'roundRect', itemWidth: 10, itemHeight: 10, textStyle: { color: colors.ink }, pageTextStyle: { color: colors.dim }, pageIconColor: colors.dim, pageIconInactiveColor: colors.edge },
      tooltip: { trigger: 'axis', renderMode: 'richText', backgroundColor: colors.card, borderColor: colors.edge, textStyle: { color: colors.ink }, valueFormatter: (value: unknown) => formatAmount(String(value)) },
      xAxis: { type: 'category', boundaryGap: false, data: months.map(formatMonth), axisTick: { show: false }, axisLine: { lineStyle: { color: colors.edge } }, axisLabel: { color: colors.dim, hideOverlap: true, alignMinLabel: 'left', alignMaxLabel: 'right' } },
      yAxis: { type: 'value', splitNumber: 3, axisLabel: { color: colors.dim }, splitLine: { lineStyle: { color: colors.edge } } },
      series: series.map((line, at) => {
        const color = line.value === null ? colors.missing : colors.series[at % colors.series.length]
        return { type: 'line', name: name(line.value), data: line.costs.map(Number), showSymbol: false, lineStyle: { width: 2, color }, itemStyle: { color } }
      }),
    }),
    [months, series],
  )
  return (
    <section className="card">
      <div className="card-head">
        <h2>By month and {dimension}</h2>
      </div>
      <div className="card-body">
        {months.length < 2 ? (
          <p className="dim">The trend starts with the second month.</p>
        ) : (
          <Chart
            label={`Cost by month and ${dimension}`}
            height={250}
            option={option}
            table={
              <table className="table">
                <thead>
                  <tr>
                    <th scope="col">{dimension}</th>
                    {months.map((month) => (
                      <th key={month} scope="col" className="right">
                        {formatMonth(month)}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {series.map((line) => (
                    <tr key={line.value ?? '\0'}>
                      <td>{name(line.value)}</td>
                      {line.costs.map((cost, at) => (
                        <td key={months[at]} className="right">
                          {formatAmount(cost)}
                        </td>
                      ))}
                    </tr>
                  ))}
                </tbody>
              </table>
            }
          />
        )}
      </div>
    </section>
  )
}

/** Team by environment: a table whose cells are shaded by their costs, so that it needs no legend and reads aloud. */
function Matrix({ costs, tags }: { costs: Costs; tags: Tags }) {
  const { rows, columns, cells } = costs.matrix
  const most = Math.max(...cells.flat().map((cell) => Number(cell.cost)), 1)
  const values = (tag: string) => valuesOfTag(tag, tags)
  return (
    <section className="card">
      <div className="card-head">
        <h2>Team and environment</h2>
        <span className="dim small">{costs.currency}, with the number of resources</span>
      </div>
      <div className="card-body table-scroll" tabIndex={0} role="region" aria-label="Cost by team and environment">
        <table className="matrix">
          <thead>
            <tr>
              <th scope="col">Team</th>
              {columns.map((column) => (
                <th key={column ?? '\0'} scope="col" className="right">
                  {name(column)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, y) => (
              <tr key={row ?? '\0'}>
                <th scope="row" className={row === null ? 'missing' : ''}>
                  {name(row)}
                </th>
                {columns.map((column, x) => {
                  const cell = cells[y]?.[x]
                  const share = Number(cell?.cost ?? 0) / most
                  const filter = `${equals('team', row, values('team'))} and ${equals('environment', column, values('environment'))}`
                  return (
                    <td key={column ?? '\0'} style={{ backgroundColor: `color-mix(in srgb, var(--accent) ${Math.round(share * 34)}%, var(--card))` }}>
                      {cell && cell.resources > 0 ? (
                        <Link to="/resources" search={{ filter }} title={`${name(row)}, ${name(column)}: ${formatMoney(cell.cost, costs.currency)}`}>
                          {formatWhole(cell.cost)}
                          <span className="matrix-count">{formatCount(cell.resources)}</span>
                        </Link>
                      ) : (
                        <span className="dim">–</span>
                      )}
                    </td>
                  )
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}
