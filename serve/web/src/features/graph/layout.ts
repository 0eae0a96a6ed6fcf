/** Places of a graph in columns: one for each tag, the values with the most resources first. */
import type { GraphEdge, GraphNode } from '../../api/types'

export interface Placed extends GraphNode {
  x: number
  y: number
  height: number
  /** Resources of its edges. */
  resources: number
}

export interface Column {
  label: string
  x: number
  nodes: Placed[]
  /** Values that are left out. */
  left: number
}

export const NODE_WIDTH = 180
const GAP = 150
const SPACE = 8
const LEAST = 30

/** The most nodes of a column. */
const MOST = 24

/** Columns in the order of the tags; resources are the last one. */
export function placed(nodes: readonly GraphNode[], edges: readonly GraphEdge[], tags: readonly string[]): { columns: Column[]; height: number; width: number } {
  const weights = new Map<string, number>()
  for (const edge of edges) {
    for (const end of [edge.from, edge.to]) weights.set(end, (weights.get(end) ?? 0) + edge.resources)
  }
  const names = [...tags, undefined].filter((tag) => nodes.some((node) => (node.tag ?? undefined) === tag))
  const heaviest = Math.max(...nodes.map((node) => weights.get(node.id) ?? 0), 1)
  const columns = names.map((tag, at): Column => {
    const all = nodes.filter((node) => (node.tag ?? undefined) === tag).toSorted((a, b) => (weights.get(b.id) ?? 0) - (weights.get(a.id) ?? 0))
    let y = 0
    const shown = all.slice(0, MOST).map((node): Placed => {
      const resources = weights.get(node.id) ?? 0
      const height = LEAST + Math.round((resources / heaviest) * 34)
      const place = { ...node, x: at * (NODE_WIDTH + GAP), y, height, resources }
      y += height + SPACE
      return place
    })
    return { label: tag ?? 'Resources', x: at * (NODE_WIDTH + GAP), nodes: shown, left: all.length - shown.length }
  })
  const bottoms = columns.map((column) => (column.nodes.at(-1) ? (column.nodes.at(-1)?.y ?? 0) + (column.nodes.at(-1)?.height ?? 0) : 0))
  return { columns, height: Math.max(...bottoms, LEAST), width: columns.length * (NODE_WIDTH + GAP) - GAP }
}

/** The line of an edge from the side of one node to that of the other. */
export function curve(from: Placed, to: Placed): string {
  const [left, right] = from.x <= to.x ? [from, to] : [to, from]
  const [x1, y1] = [left.x + NODE_WIDTH, left.y + left.height / 2]
  const [x2, y2] = [right.x, right.y + right.height / 2]
  // Nodes of one column are joined by an arc at their side.
  if (left.x === right.x) return `M ${x1} ${y1} C ${x1 + 60} ${y1}, ${x1 + 60} ${y2}, ${x1} ${y2}`
  const middle = (x1 + x2) / 2
  return `M ${x1} ${y1} C ${middle} ${y1}, ${middle} ${y2}, ${x2} ${y2}`
}
