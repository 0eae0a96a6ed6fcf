/** The view of the resources page, which is its address: everything that a shared link needs. */
import { all, conditionOfFacets, type Facets, isCondition, type Tags } from './condition'

export interface ResourceView {
  /** What the filter bar has: words, or a condition of the language. */
  filter?: string | undefined
  facets?: Facets | undefined
  /** A field, with `-` in front for the other direction: `cost`, `-name`, `tag:owner`. */
  sort?: string | undefined
  /** Tags that are shown as columns. */
  columns?: string[] | undefined
  /** The resource whose details are open next to the list. */
  open?: string | undefined
}

/** Reads the parameters of an address; what is not valid is left out. */
export function readView(search: Record<string, unknown>): ResourceView {
  const view: ResourceView = {}
  if (typeof search.filter === 'string' && search.filter.trim()) view.filter = search.filter
  if (typeof search.sort === 'string' && /^-?[\w.:-]+$/.test(search.sort)) view.sort = search.sort
  if (typeof search.open === 'string' && /^[0-9a-f]{16}$/.test(search.open)) view.open = search.open
  if (Array.isArray(search.columns)) {
    const columns = search.columns.filter((one): one is string => typeof one === 'string')
    if (columns.length > 0) view.columns = [...new Set(columns)].slice(0, 12)
  }
  const facets = readFacets(search.facets)
  if (facets) view.facets = facets
  return view
}

function readFacets(value: unknown): Facets | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const read: Facets = {}
  for (const [name, selected] of Object.entries(value)) {
    if (!/^[\w.:-]+$/.test(name) || !Array.isArray(selected)) continue
    const values = selected.filter((one): one is string | null => one === null || typeof one === 'string')
    if (values.length > 0) read[name] = values.slice(0, 50)
  }
  return Object.keys(read).length > 0 ? read : undefined
}

/** Selects or unselects a value of a facet. */
export function toggleFacet(facets: Facets | undefined, name: string, value: string | null): Facets | undefined {
  const selected = facets?.[name] ?? []
  const next = selected.includes(value) ? selected.filter((one) => one !== value) : [...selected, value]
  const { [name]: _, ...others } = facets ?? {}
  const result = next.length > 0 ? { ...others, [name]: next } : others
  return Object.keys(result).length > 0 ? result : undefined
}

/** The parameters of `GET /resources` that select what the view shows. `without` leaves out one facet. */
export function selectionOf(
  view: ResourceView,
  tags: Tags,
  without?: string,
): { q?: string; where?: string; compliance?: string; severity?: string; policy?: string } {
  const { filter } = view
  const facets = Object.fromEntries(Object.entries(view.facets ?? {}).filter(([name]) => name !== without))
  const condition = filter && isCondition(filter) ? filter : undefined
  const where = all([condition, conditionOfFacets(facets, tags)])
  const list = (name: string) => facets[name]?.filter((one) => one !== null).join(',')
  const compliance = list('compliance')
  const severity = list('severity')
  const policy = list('policy')
  return {
    ...(filter && !condition ? { q: filter.trim() } : {}),
    ...(where ? { where } : {}),
    ...(compliance ? { compliance } : {}),
    ...(severity ? { severity } : {}),
    ...(policy ? { policy } : {}),
  }
}
