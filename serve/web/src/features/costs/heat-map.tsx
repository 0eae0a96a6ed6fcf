import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { byValue, type CostView, type Fixed, type Line, resourcesOf } from '../../lib/costs'
import type { Tags } from '../../lib/condition'
import { formatCount, formatWhole } from '../../lib/format'
import { Segmented } from '../../ui/button'
import { QueryState, Skeleton } from '../../ui/states'
import { labelOf } from './labels'
import { costQuery } from './query'

const NAMES = ['team', 'environment']

/** The teams that are shown, the most expensive first. */
const MOST = 12

const SHOWN = [
  { value: 'cost', label: 'Cost' },
  { value: 'resources', label: 'Resources' },
] as const

type Shown = (typeof SHOWN)[number]['value']

/** Team by environment: a table whose cells are shaded, so that it needs no legend and reads aloud. */
export function HeatMap({ view, tags, open }: { view: CostView; tags: Tags; open: (value: Fixed) => void }) {
  const costs = useQuery(costQuery(view, NAMES))
  const [shown, setShown] = useState<Shown>('cost')
  return (
    <section className="card">
      <div className="card-head">
        <h2>Team and environment</h2>
        <span className="row no-print">
          <Segmented label="Shades" value={shown} options={SHOWN} onChange={setShown} />
        </span>
      </div>
      <div className="card-body">
        <QueryState query={costs} loading={<Skeleton height={300} />}>
          {({ lines, currency }) => <Cells lines={lines} currency={currency} shown={shown} view={view} tags={tags} open={open} />}
        </QueryState>
      </div>
    </section>
  )
}

/** Values of one of the names, the most expensive first, with a missing value at the end. */
function valuesOf(lines: readonly Line[], at: number): (string | null)[] {
  const ordered = byValue(lines, at).map(([value]) => value)
  return [...ordered.filter((value) => value !== null), ...ordered.filter((value) => value === null)]
}

interface CellsProps {
  lines: Line[]
  currency: string | null
  shown: Shown
  view: CostView
  tags: Tags
  open: (value: Fixed) => void
}

function Cells({ lines, currency, shown, view, tags, open }: CellsProps) {
  const all = valuesOf(lines, 0)
  const teams = all.length > MOST ? [...all.filter((one) => one !== null).slice(0, MOST - 1), null].filter((one) => all.includes(one)) : all
  const environments = valuesOf(lines, 1)
  const amount = (line: Line) => (shown === 'cost' ? Number(line.cost) : line.resources)
  const most = Math.max(...lines.map(amount), 1)
  const find = (team: string | null, environment: string | null) => lines.find((line) => line.values[0] === team && line.values[1] === environment)
  return (
    <>
      <p className="dim small">
        {currency ?? 'Cost'}, with the number of resources
        {teams.length < all.length ? `; ${formatCount(teams.length)} of ${formatCount(all.length)} teams, the most expensive` : ''}
      </p>
      <div className="table-scroll" tabIndex={0} role="region" aria-label="Cost by team and environment">
        <table className="matrix">
          <thead>
            <tr>
              <th scope="col">Team</th>
              {environments.map((value) => (
                <th key={value ?? '\0'} scope="col" className={`right${value === null ? ' missing' : ''}`}>
                  {labelOf(value)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {teams.map((team) => (
              <tr key={team ?? '\0'}>
                <th scope="row">
                  <button type="button" className={`link truncate${team === null ? ' missing' : ''}`} title={labelOf(team)} onClick={() => open(['team', team])}>
                    {labelOf(team)}
                  </button>
                </th>
                {environments.map((environment) => {
                  const line = find(team, environment)
                  const share = line ? Math.round((Math.max(0, amount(line)) / most) * 34) : 0
                  return (
                    <td key={environment ?? '\0'} style={{ backgroundColor: `color-mix(in srgb, var(--accent) ${share}%, var(--card))` }}>
                      {line ? (
                        <Link to="/resources" search={{ filter: resourcesOf(view, [['team', team], ['environment', environment]], tags) }}>
                          {formatWhole(line.cost)}
                          <span className="matrix-count">{formatCount(line.resources)}</span>
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
    </>
  )
}
