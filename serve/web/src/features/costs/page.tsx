import { useQueries, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useMemo } from 'react'
import { address } from '../../api/client'
import { queries } from '../../api/queries'
import type { FacetValue } from '../../api/types'
import type { CostView } from '../../app/router'
import { all, equals, type Tags } from '../../lib/condition'
import { formatAmount, formatCount, formatMoney, formatPercent, formatProvider, formatWhole } from '../../lib/format'
import { sumAmounts } from '../../lib/money'
import { Meter } from '../../ui/badge'
import { Button, buttonClass } from '../../ui/button'
import { Chart, type Palette } from '../../ui/chart'
import { DownloadIcon } from '../../ui/icons'
import { LoadingCards, QueryState, State } from '../../ui/states'
import './costs.css'

const route = getRouteApi('/shell/costs')

const MISSING = '(missing)'
const labelOf = (value: string | null) => value ?? MISSING

/** Values with costs, the most expensive first. */
function byCost(values: readonly FacetValue[] | undefined): FacetValue[] {
  return (values ?? []).toSorted((a, b) => Number(b.monthly_cost ?? 0) - Number(a.monthly_cost ?? 0))
}

export function CostsPage() {
  const view = route.useSearch()
  const navigate = useNavigate()
  const tags = useQuery(queries.schema()).data?.items
  const currency = useQuery(queries.compliance()).data?.currency ?? null
  const has = (name: string) => tags?.some((tag) => tag.key === name) ?? false
  const by = view.by ?? ['cost-center', 'team', 'project', 'owner'].find(has) ?? tags?.[0]?.key ?? ''
  const where = view.provider ? `resource.provider == ${view.provider}` : undefined
  const names = [...new Set(['provider', by && `tag:${by}`, has('environment') && 'tag:environment', has('team') && 'tag:team'].filter(Boolean))]
  const facets = useQuery({ ...queries.facets({ where, by: names.join(',') }), enabled: tags !== undefined })
  const providers = useQuery(queries.facets({ by: 'provider' })).data?.items[0]?.values ?? []
  const setView = (next: CostView) => void navigate({ to: '/costs', search: next, replace: true })
  const valuesOf = (name: string) => byCost(facets.data?.items.find((facet) => facet.name === name)?.values)
  return (
    <main className="page" id="main" tabIndex={-1}>
      <header className="page-head">
        <div>
          <h1>Costs</h1>
          <p className="dim">Monthly cost of resources, by virtual tags</p>
        </div>
        <div className="page-actions no-print">
          <Select label="Provider" value={view.provider ?? ''} options={[['', 'All providers'], ...providers.flatMap(({ value }): [string, string][] => (value === null ? [] : [[value, formatProvider(value)]]))]} onChange={(provider) => setView({ ...view, provider: provider || undefined })} />
          <a className={buttonClass('plain')} href={address('exports', { where, format: 'csv' })} download>
            <DownloadIcon /> CSV
          </a>
          <Button onClick={() => window.print()}>Print or PDF</Button>
        </div>
      </header>
      <QueryState query={facets} loading={<LoadingCards heights={[100, 330, 330]} />}>
        {() => {
          const total = sumAmounts(valuesOf('provider').map((one) => one.monthly_cost))
          if (total === null) return <Empty />
          const lines = valuesOf(`tag:${by}`)
          return (
            <>
              <Figures total={total} lines={lines} by={by} currency={currency} resources={valuesOf('provider').reduce((sum, one) => sum + one.resources, 0)} where={where} />
              <div className="cost-grid">
                {has('environment') ? <Environments lines={valuesOf('tag:environment')} currency={currency} tags={tags} where={where} /> : null}
                <Breakdown lines={lines} tags={tags} by={by} where={where} onBy={(next) => setView({ ...view, by: next })} />
              </div>
              {has('team') && has('environment') ? <Matrix teams={valuesOf('tag:team').slice(0, 12)} environments={valuesOf('tag:environment')} tags={tags} where={where} currency={currency} /> : null}
            </>
          )
        }}
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
      <State title="No cost data for this selection">
        <p>No resource has a cost. An administrator can add costs to the inventory, or bills as files.</p>
      </State>
    </div>
  )
}

function Figures({ total, lines, by, currency, resources, where }: { total: string; lines: FacetValue[]; by: string; currency: string | null; resources: number; where: string | undefined }) {
  const missing = lines.find((line) => line.value === null)
  const missingCost = missing?.monthly_cost ?? '0'
  const share = Number(total) === 0 ? 0 : Number(missingCost) / Number(total)
  return (
    <div className="grid grid-3">
      <Figure label="A month" value={total} currency={currency}>
        {formatCount(resources)} resources
      </Figure>
      <Figure label={`Without ${by}`} value={missingCost} currency={currency}>
        <Link to="/resources" search={{ filter: all([where, equals(by, null, undefined)]) }}>
          {formatCount(missing?.resources ?? 0)} resources have no {by}
        </Link>
      </Figure>
      <section className="card">
        <div className="card-body">
          <h2 className="figure-label cost-label">Allocated to a {by}</h2>
          <p className="figure-value">{formatPercent(1 - share, 1)}</p>
          <Meter share={1 - share} look={share < 0.1 ? 'good' : ''} />
        </div>
      </section>
    </div>
  )
}

function Figure({ label, value, currency, children }: { label: string; value: string; currency: string | null; children: React.ReactNode }) {
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

function Environments({ lines, currency, tags, where }: { lines: FacetValue[]; currency: string | null; tags: Tags; where: string | undefined }) {
  const navigate = useNavigate()
  const key = JSON.stringify(lines)
  const option = useMemo(
    () => (colors: Palette) => ({
      tooltip: {
        renderMode: 'richText',
        backgroundColor: colors.card,
        borderColor: colors.edge,
        textStyle: { color: colors.ink },
        formatter: (one: { name: string; value: number; percent: number }) => `${one.name}\n${formatMoney(String(one.value), currency)}, ${one.percent}%`,
      },
      legend: { bottom: 0, icon: 'roundRect', itemWidth: 10, itemHeight: 10, textStyle: { color: colors.ink } },
      series: [
        {
          type: 'pie',
          radius: ['52%', '78%'],
          center: ['50%', '44%'],
          label: { show: false },
          itemStyle: { borderColor: colors.card, borderWidth: 2 },
          data: (JSON.parse(key) as FacetValue[]).map((line, at) => ({
            name: labelOf(line.value),
            value: Number(line.monthly_cost ?? 0),
            itemStyle: { color: line.value === null ? colors.missing : colors.series[at % colors.series.length] },
          })),
        },
      ],
    }),
    [key, currency],
  )
  const open = (shown: string) => {
    const value = shown === MISSING ? null : shown
    void navigate({ to: '/resources', search: { filter: all([where, equals('environment', value, tags)]) } })
  }
  return (
    <section className="card">
      <div className="card-head">
        <h2>By environment</h2>
      </div>
      <div className="card-body">
        <Chart
          label="Cost by environment"
          height={280}
          option={option}
          onSelect={open}
          table={
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
                {lines.map((line) => (
                  <tr key={line.value ?? '\0'}>
                    <td className="wrap-anywhere">{labelOf(line.value)}</td>
                    <td className="right">{formatAmount(line.monthly_cost ?? '0')}</td>
                    <td className="right">{formatCount(line.resources)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          }
        />
      </div>
    </section>
  )
}

/** The ten most expensive values of a tag, and what remains. Every row leads to its resources. */
function Breakdown({ lines, tags, by, where, onBy }: { lines: FacetValue[]; tags: Tags; by: string; where: string | undefined; onBy: (by: string) => void }) {
  const [top, rest] = [lines.slice(0, 10), lines.slice(10)]
  const most = Math.max(...top.map((line) => Number(line.monthly_cost ?? 0)), 1)
  const restCost = sumAmounts(rest.map((line) => line.monthly_cost)) ?? '0'
  return (
    <section className="card">
      <div className="card-head">
        <h2>By {by}</h2>
        <span className="no-print">
          <Select label="Tag" value={by} options={(tags ?? []).map((tag): [string, string] => [tag.key, tag.key])} onChange={onBy} />
        </span>
      </div>
      <div className="card-body">
        <ol className="bars">
          {top.map((line) => (
            <li key={line.value ?? '\0'} className="bar-line">
              <Link to="/resources" search={{ filter: all([where, equals(by, line.value, tags)]) }} className={`truncate${line.value === null ? ' missing' : ''}`} title={labelOf(line.value)}>
                {labelOf(line.value)}
              </Link>
              <Meter share={Number(line.monthly_cost ?? 0) / most} look={line.value === null ? 'poor' : ''} />
              <span className="right">{line.monthly_cost === null ? 'no data' : formatAmount(line.monthly_cost)}</span>
            </li>
          ))}
          {rest.length > 0 ? (
            <li className="bar-line dim">
              <span>{formatCount(rest.length)} more</span>
              <Meter share={Number(restCost) / most} />
              <span className="right">{formatAmount(restCost)}</span>
            </li>
          ) : null}
        </ol>
      </div>
    </section>
  )
}

/** Team by environment: a table whose cells are shaded by their costs, so that it needs no legend and reads aloud. */
function Matrix({ teams, environments, tags, where, currency }: { teams: FacetValue[]; environments: FacetValue[]; tags: Tags; where: string | undefined; currency: string | null }) {
  const condition = (tag: string, value: string | null) => equals(tag, value, tags)
  const rows = useQueries({ queries: teams.map((team) => queries.facets({ where: all([where, condition('team', team.value)]), by: 'tag:environment' })) })
  const cells = rows.map((row) => new Map(row.data?.items[0]?.values.map((one) => [one.value, one])))
  const most = Math.max(...cells.flatMap((row) => [...row.values()].map((one) => Number(one.monthly_cost ?? 0))), 1)
  return (
    <section className="card">
      <div className="card-head">
        <h2>Team and environment</h2>
        <span className="dim small">
          {currency}, with the number of resources{teams.length === 12 ? '; the 12 most expensive teams' : ''}
        </span>
      </div>
      <div className="card-body table-scroll" tabIndex={0} role="region" aria-label="Cost by team and environment">
        <table className="matrix">
          <thead>
            <tr>
              <th scope="col">Team</th>
              {environments.map(({ value }) => (
                <th key={value ?? '\0'} scope="col" className="right">
                  {labelOf(value)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {teams.map((team, y) => (
              <tr key={team.value ?? '\0'}>
                <th scope="row" className={team.value === null ? 'missing' : ''}>
                  {labelOf(team.value)}
                </th>
                {environments.map(({ value }) => {
                  const cell = cells[y]?.get(value)
                  const share = Math.round((Number(cell?.monthly_cost ?? 0) / most) * 34)
                  return (
                    <td key={value ?? '\0'} style={{ backgroundColor: `color-mix(in srgb, var(--accent) ${share}%, var(--card))` }}>
                      {cell ? (
                        <Link to="/resources" search={{ filter: all([where, condition('team', team.value), condition('environment', value)]) }}>
                          {cell.monthly_cost === null ? 'no data' : formatWhole(cell.monthly_cost)}
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
