import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { queries } from '../../api/queries'
import type { GraphEdge, GraphView } from '../../api/types'
import type { GraphPageView } from '../../app/router'
import { equals, type Tags } from '../../lib/condition'
import { formatAmount, formatCount, plural } from '../../lib/format'
import { Button } from '../../ui/button'
import { Select } from '../../ui/select'
import { LoadingCards, QueryState, State } from '../../ui/states'
import { right, Table } from '../../ui/table'
import { type Column, curve, type Placed, NODE_WIDTH, placed } from './layout'
import './graph.css'

const route = getRouteApi('/shell/graph')

const USUAL = ['team', 'project', 'cost-center', 'application']

export function GraphPage() {
  const view = route.useSearch()
  const navigate = useNavigate()
  const tags = useQuery(queries.schema()).data?.items
  const names = view.tags ?? USUAL.filter((name) => tags?.some((tag) => tag.key === name))
  const depth = view.depth ?? (view.from ? 2 : 1)
  const graph = useQuery({ ...queries.graph({ tags: names.join(','), from: view.from, depth, resources: view.resources || undefined }), enabled: tags !== undefined && names.length > 0 })
  const change = (next: GraphPageView) => void navigate({ to: '/graph', search: next })
  return (
    <main className="page page-full" id="main" tabIndex={-1}>
      <header className="page-head">
        <div>
          <h1>Graph</h1>
          <p className="dim">How {names.join(', ') || 'tags'} belong together: lines are resources that have both values</p>
        </div>
        <div className="page-actions no-print">
          <Select
            label="First tag"
            value={names[0] ?? ''}
            options={(tags ?? []).map((tag) => [tag.key, `Begin with ${tag.key}`])}
            onChange={(first) => change({ tags: [first, ...names.filter((name) => name !== first)].slice(0, 4), resources: view.resources })}
          />
          <label className="row">
            <input type="checkbox" className="check" checked={view.resources ?? false} onChange={(event) => change({ ...view, resources: event.target.checked || undefined })} /> Resources
          </label>
          {view.from ? <Button onClick={() => change({ ...view, from: undefined })}>Show everything</Button> : null}
        </div>
      </header>
      {tags && names.length === 0 ? (
        <div className="card">
          <State title="No tags to connect">
            <p>A graph needs tags such as team, project or cost-center.</p>
          </State>
        </div>
      ) : (
        <QueryState query={graph} loading={<LoadingCards heights={[460]} />}>
          {(data) => <Graph graph={data} names={names} tags={tags} from={view.from} onOpen={(from) => change({ ...view, from })} />}
        </QueryState>
      )}
    </main>
  )
}

interface GraphProps {
  graph: GraphView
  names: string[]
  tags: Tags
  from: string | undefined
  onOpen: (id: string) => void
}

const labelOf = (node: { name: string | null }) => node.name ?? '(missing)'

/** Places the nodes. What the pointer is over is a state of the drawing, so that it places nothing again. */
function Graph({ graph, names, tags, from, onOpen }: GraphProps) {
  if (graph.nodes.length === 0) {
    return (
      <div className="card">
        <State title="Nothing to connect">
          <p>No resource has a value of these tags.</p>
        </State>
      </div>
    )
  }
  const { columns, height, width } = placed(graph.nodes, graph.edges, names)
  const places = new Map(columns.flatMap((column) => column.nodes.map((node) => [node.id, node])))
  const edges = graph.edges.filter((edge) => places.has(edge.from) && places.has(edge.to))
  return (
    <>
      <section className="card">
        <div className="card-body table-scroll" tabIndex={0} role="region" aria-label="Graph">
          <Drawing columns={columns} edges={edges} places={places} height={height} width={width} from={from} onOpen={onOpen} />
        </div>
      </section>
      <EdgeTable edges={edges} places={places} tags={tags} />
    </>
  )
}

interface DrawingProps {
  columns: Column[]
  edges: GraphEdge[]
  places: Map<string, Placed>
  height: number
  width: number
  from: string | undefined
  onOpen: (id: string) => void
}

function Drawing({ columns, edges, places, height, width, from, onOpen }: DrawingProps) {
  const [active, setActive] = useState<string>()
  const focus = active ?? from
  const most = Math.max(...edges.map((edge) => edge.resources), 1)
  const isNear = (edge: GraphEdge) => focus === undefined || edge.from === focus || edge.to === focus
  return (
    <div className="graph" style={{ width, height: height + 30 }}>
      {columns.map((column) => (
        <p key={column.label} className="graph-label dim small" style={{ left: column.x, width: NODE_WIDTH }}>
          {column.label}
          {column.left > 0 ? `, ${formatCount(column.left)} more` : ''}
        </p>
      ))}
      <svg className="graph-lines" width={width} height={height} aria-hidden="true">
        {edges.map((edge) => (
          <path
            key={`${edge.from}→${edge.to}`}
            className={isNear(edge) ? 'graph-line' : 'graph-line graph-line-far'}
            d={curve(places.get(edge.from) as Placed, places.get(edge.to) as Placed)}
            strokeWidth={1 + (edge.resources / most) * 12}
          />
        ))}
      </svg>
      {columns.flatMap((column) => column.nodes).map((node) => (
        <GraphButton key={node.id} node={node} isFocus={node.id === focus} onOpen={onOpen} onActive={setActive} />
      ))}
    </div>
  )
}

function GraphButton({ node, isFocus, onOpen, onActive }: { node: Placed; isFocus: boolean; onOpen: (id: string) => void; onActive: (id: string | undefined) => void }) {
  const label = labelOf(node)
  const shared = {
    className: `graph-node${node.name === null ? ' missing' : ''}${isFocus ? ' graph-node-focus' : ''}`,
    style: { left: node.x, top: node.y + 30, width: NODE_WIDTH, height: node.height },
    title: label,
    onMouseEnter: () => onActive(node.id),
    onMouseLeave: () => onActive(undefined),
    onFocus: () => onActive(node.id),
    onBlur: () => onActive(undefined),
  }
  if (node.kind === 'resource') {
    return (
      <Link to="/resources/$key" params={{ key: node.id }} {...shared}>
        <span className="truncate">{label}</span>
      </Link>
    )
  }
  return (
    <button type="button" onClick={() => onOpen(node.id)} {...shared}>
      <span className="truncate">
        <span className="hidden-visually">{node.tag} </span>
        {label}
      </span>
      <span className="dim small">
        {formatCount(node.resources)}
        {node.more ? '+' : ''}
      </span>
    </button>
  )
}

/** The same as a table, which leads to the resources. */
function EdgeTable({ edges, places, tags }: { edges: GraphEdge[]; places: Map<string, Placed>; tags: Tags }) {
  const sorted = edges.toSorted((a, b) => b.resources - a.resources)
  return (
    <details className="card chart-table">
      <summary className="card-body">Show as a table, with {plural(edges.length, 'line')}</summary>
      <Table label="Graph, as a table" columns={['From', 'To', right('Resources'), right('A month')]}>
        {sorted.map((edge) => {
          const ends = [edge.from, edge.to].flatMap((id) => places.get(id) ?? [])
          const condition = ends.flatMap((end) => (end.tag ? [equals(end.tag, end.name, tags)] : [])).join(' and ')
          return (
            <tr key={`${edge.from}→${edge.to}`}>
              {ends.map((end) => (
                <td key={end.id} className="wrap-anywhere">
                  <span className="dim">{end.tag}</span> {labelOf(end)}
                </td>
              ))}
              <td className="right">
                <Link to="/resources" search={{ filter: condition }}>
                  {formatCount(edge.resources)}
                </Link>
              </td>
              <td className="right">{edge.monthly_cost === null ? 'no data' : formatAmount(edge.monthly_cost)}</td>
            </tr>
          )
        })}
      </Table>
    </details>
  )
}
