import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { queries } from '../../api/queries'
import { type CostView, type Fixed, resourcesOf, shownTags } from '../../lib/costs'
import { LoadingCards, QueryState, State } from '../../ui/states'
import { Breakdown } from './breakdown'
import { Controls, Path } from './controls'
import { Environments } from './environments'
import { Figures } from './figures'
import { HeatMap } from './heat-map'
import { daysLabel } from './labels'
import { ProjectionFigure } from './projection'
import { costQuery } from './query'
import { Trend } from './trend'
import './costs.css'

const route = getRouteApi('/shell/costs')

export function CostsPage() {
  const view = route.useSearch()
  const navigate = useNavigate()
  const tags = useQuery(queries.schema()).data?.items
  const isOpen = (name: string) => view.path?.some(([opened]) => opened === name) ?? false
  const has = (name: string) => tags?.some((tag) => tag.key === name) ?? false
  const { by, trendBy } = shownTags(view, tags)
  const names = by ? [by] : []
  const total = useQuery({ ...costQuery(view, []), enabled: tags !== undefined })
  const lines = useQuery({ ...costQuery(view, names), enabled: tags !== undefined })
  const change = (next: CostView) => void navigate({ to: '/costs', search: next, replace: true })
  /** A step into a value, which the browser's button leads back from. */
  const open = (value: Fixed) => void navigate({ to: '/costs', search: { ...view, by: undefined, path: [...(view.path ?? []), value] } })
  const parts = { view, tags, open }
  return (
    <main className="page" id="main" tabIndex={-1}>
      <header className="page-head">
        <div>
          <h1>Costs</h1>
          <p className="dim">{total.data ? `${daysLabel(view, total.data.month)}, by virtual tags` : ' '}</p>
        </div>
        <Controls view={view} total={total.data} lines={lines.data} tags={tags} by={by} trendBy={trendBy} where={resourcesOf(view, [], tags)} onChange={change} />
      </header>
      <Path view={view} tags={tags} onChange={change} />
      <QueryState query={total} loading={<LoadingCards heights={[100, 330, 330]} />}>
        {(data) =>
          data.lines.length === 0 || (Number(data.total) === 0 && data.lines.every((line) => Number(line.cost) === 0)) ? (
            <Empty />
          ) : (
            <>
              <Figures {...parts} total={data} lines={lines.data} by={by}>
                {view.provider || view.path || !data.hasCharges ? null : <ProjectionFigure currency={data.currency} />}
              </Figures>
              <div className="cost-grid">
                {has('environment') && !isOpen('environment') ? <Environments {...parts} /> : null}
                {by ? <Breakdown {...parts} by={by} costs={lines} onBy={(next) => change({ ...view, by: next })} /> : null}
              </div>
              {trendBy ? <Trend {...parts} by={trendBy} hasCharges={data.hasCharges} onChange={change} /> : null}
              {has('team') && has('environment') && !(isOpen('team') && isOpen('environment')) ? <HeatMap {...parts} /> : null}
            </>
          )
        }
      </QueryState>
    </main>
  )
}

function Empty() {
  return (
    <div className="card">
      <State title="No cost data for this selection">
        <p>No resource and no charge has a cost here. An administrator can add costs to the inventory, or bills as files.</p>
      </State>
    </div>
  )
}
