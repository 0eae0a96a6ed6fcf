import { useQueries } from '@tanstack/react-query'
import { useState } from 'react'
import { queries } from '../../api/queries'
import type { Facet } from '../../api/types'
import type { Tags } from '../../lib/condition'
import { formatCompact, formatCount, formatProvider } from '../../lib/format'
import { type ResourceView, selectionOf, toggleFacet } from '../../lib/view'
import { complianceLabel, severityLabel } from '../../ui/badge'
import { Skeleton } from '../../ui/states'

interface FacetsProps {
  view: ResourceView
  tags: Tags
  onChange: (view: ResourceView) => void
}

/** Tags that people filter by most, if the policies have them. */
const FIRST = ['environment', 'team', 'owner', 'cost-center', 'project', 'application']

/** The facets of a list, in their order. */
function facetNames(tags: Tags): string[] {
  const names = (tags ?? []).map((tag) => tag.key)
  const ordered = [...new Set([...FIRST.filter((name) => names.includes(name)), ...names])]
  return ['compliance', 'severity', 'policy', 'provider', ...ordered.map((name) => `tag:${name}`), 'type', 'region', 'account']
}

/** Whether values divide the resources. Identifiers, which each resource has for itself, do not. */
function isUseful(facet: Facet, selected: number): boolean {
  return selected > 0 || (facet.values.length > 0 && (facet.values.length <= 3 || facet.values.some((one) => one.value !== null && one.resources > 1)))
}

export function facetLabel(name: string): string {
  const plain = name.startsWith('tag:') ? name.slice(4) : name
  const special: Record<string, string> = { compliance: 'Compliance', severity: 'Open findings', policy: 'Policy with findings', provider: 'Provider', type: 'Type', region: 'Region', account: 'Account' }
  return special[name] ?? plain
}

export function valueLabel(name: string, value: string | null): string {
  if (value === null) return '(missing)'
  if (name === 'compliance') return complianceLabel(value)
  if (name === 'severity') return severityLabel(value)
  if (name === 'provider') return formatProvider(value)
  return value
}

/**
 * Values with their counts. Selected values widen only their own facet, so that each facet with a selection is counted
 * without it.
 */
export function Facets({ view, tags, onChange }: FacetsProps) {
  const names = facetNames(tags)
  const selected = names.filter((name) => (view.facets?.[name]?.length ?? 0) > 0)
  const others = names.filter((name) => !selected.includes(name))
  const groups = [{ names: others, without: undefined as string | undefined }, ...selected.map((name) => ({ names: [name], without: name }))]
  const results = useQueries({
    queries: groups.map((group) => ({
      ...queries.facets({ ...selectionOf(view, tags, group.without), by: group.names.join(',') }),
      enabled: tags !== undefined && group.names.length > 0,
      // A wrong filter is reported by the filter bar.
      retry: false,
    })),
  })
  const found = new Map(results.flatMap((result) => result.data?.items ?? []).map((facet) => [facet.name, facet]))
  if (results.some((result) => result.isPending) && found.size === 0) return <FacetSkeleton />
  return names.map((name) => {
    const facet = found.get(name)
    return facet && isUseful(facet, view.facets?.[name]?.length ?? 0) ? <FacetGroup key={name} facet={facet} view={view} onChange={onChange} /> : null
  })
}

/** Values of a facet that are shown at first. */
const SHOWN = 8

function FacetGroup({ facet, view, onChange }: { facet: Facet; view: ResourceView; onChange: (view: ResourceView) => void }) {
  const [isOpen, setOpen] = useState(false)
  const selected = view.facets?.[facet.name] ?? []
  const listed = facet.values.map((one) => one.value)
  const shown = isOpen ? facet.values : facet.values.filter((one, at) => at < SHOWN || selected.includes(one.value))
  const gone = selected.filter((value) => !listed.includes(value)).map((value) => ({ value, resources: 0, monthly_cost: null }))
  return (
    <fieldset className="facet">
      <legend>{facetLabel(facet.name)}</legend>
      {[...gone, ...shown].map(({ value, resources }) => {
        const label = valueLabel(facet.name, value)
        return (
          <label key={value ?? '\0'} className="facet-value" title={label}>
            <input
              type="checkbox"
              className="check"
              checked={selected.includes(value)}
              onChange={() => onChange({ ...view, facets: toggleFacet(view.facets, facet.name, value), open: undefined })}
            />
            <span className={value === null ? 'truncate missing' : 'truncate'}>{label}</span>
            <span className="dim small" title={formatCount(resources)}>
              {formatCompact(resources)}
            </span>
          </label>
        )
      })}
      {facet.values.length > SHOWN ? (
        <button type="button" className="facet-more" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? 'Show fewer' : `Show all ${facet.values.length}${facet.more ? ' and more' : ''}`}
          <span className="hidden-visually"> values of {facetLabel(facet.name)}</span>
        </button>
      ) : null}
      {isOpen && facet.more ? <p className="dim small">There are more values. Filter to find them.</p> : null}
    </fieldset>
  )
}

function FacetSkeleton() {
  return (
    <div className="stack" aria-busy="true">
      {[90, 130, 110, 120, 70, 100, 90, 120].map((width, at) => (
        <Skeleton key={at} width={width} height={16} />
      ))}
    </div>
  )
}
