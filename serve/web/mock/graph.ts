/** `GET graph`: values of tags that resources have together. */
import type { GraphEdge, GraphNode, GraphView } from '../src/api/types'
import type { MockRow } from './data.ts'
import { sum } from './reports.ts'

export function graph(rows: readonly MockRow[], params: URLSearchParams): GraphView {
  const tags = (params.get('tags') ?? 'team,project,cost-center').split(',')
  const from = params.get('from')
  const withResources = params.get('resources') === 'true'
  const nodes = new Map<string, GraphNode>()
  const pairs = new Map<string, { edge: GraphEdge; costs: (string | null)[] }>()
  const join = (a: GraphNode, b: GraphNode, cost: string | null) => {
    const key = `${a.id}→${b.id}`
    const found = pairs.get(key) ?? { edge: { from: a.id, to: b.id, resources: 0, monthly_cost: null }, costs: [] }
    found.edge.resources += 1
    found.costs.push(cost)
    pairs.set(key, found)
  }
  for (const row of rows) {
    const own = tags.map((tag): GraphNode => {
      const name = row.virtual_tags.find((one) => one.key === tag)?.value ?? null
      return { id: `${tag}=${name ?? ''}`, kind: 'tag', tag, name, more: false }
    })
    if (from && from !== row.key && !own.some((node) => node.id === from)) continue
    if (withResources && nodes.size < 200) own.push({ id: row.key, kind: 'resource', tag: null, name: row.resource_name ?? row.resource_id, more: false })
    for (const node of own) nodes.set(node.id, node)
    own.slice(1).forEach((node, at) => join(own[at] as GraphNode, node, row.monthly_cost))
  }
  return { nodes: [...nodes.values()], edges: [...pairs.values()].map(({ edge, costs }) => ({ ...edge, monthly_cost: sum(costs) })) }
}
