import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { lazy, Suspense, useCallback, useMemo, useRef, useState } from 'react'
import { address, Problem } from '../../api/client'
import { queries } from '../../api/queries'
import type { ResourceRow, Selection } from '../../api/types'
import { useReason } from '../../app/session'
import { useShortcuts } from '../../app/shortcuts'
import { formatCount, formatMoney, plural } from '../../lib/format'
import type { Tags } from '../../lib/condition'
import { sumAmounts } from '../../lib/money'
import { type ResourceView, selectionOf, toggleFacet } from '../../lib/view'
import { UploadButton } from '../../parts/upload-button'
import { Button, buttonClass } from '../../ui/button'
import { Drawer } from '../../ui/dialog'
import { CloseIcon, ColumnsIcon, DownloadIcon, FilterIcon } from '../../ui/icons'
import { Menu } from '../../ui/menu'
import { ErrorState, State } from '../../ui/states'
import { Facets, facetLabel, valueLabel } from './facets'
import { FilterBar } from './filter-bar'
import { Grid } from './grid'
import { Panel } from './panel'
import { type Rows, useRows } from './use-rows'
import { SavedViews } from './saved-views'
import './resources.css'

const BulkDrawer = lazy(() => import('../../parts/bulk-drawer').then((module) => ({ default: module.BulkDrawer })))
const route = getRouteApi('/shell/resources')

/** The tags that are columns unless the address has others: those of the filter, then what people look for first. */
function defaultColumns(tags: Tags, filter = ''): string[] {
  const names = (tags ?? []).map((tag) => tag.key)
  const words = new Set(filter.match(/[\w-]+/g))
  const filtered = names.filter((name) => words.has(name))
  const first = ['environment', 'team', 'owner', 'cost-center'].filter((name) => names.includes(name))
  return [...new Set([...filtered, ...first, ...names])].slice(0, 3)
}

export function ResourcesPage() {
  const view = route.useSearch()
  const navigate = useNavigate()
  const tags = useQuery(queries.schema()).data?.items
  const [range, setRange] = useState<[number, number]>([0, 40])
  const selection = useMemo(() => selectionOf(view, tags), [view, tags])
  const sort = view.sort ?? 'cost'
  const rows = useRows({ ...selection, sort }, range[0], range[1])
  const chosen = useSelected(rows)
  const [isBulkOpen, setBulkOpen] = useState(false)
  const [areFacetsOpen, setFacetsOpen] = useState(false)
  const filter = useRef<HTMLInputElement>(null)
  const setView = useCallback(
    (next: ResourceView, replace = false) => void navigate({ to: '/resources', search: next, replace }),
    [navigate],
  )
  const onRange = useCallback((first: number, end: number) => setRange([first, end]), [])
  const columns = view.columns ?? defaultColumns(tags, view.filter)
  const open = (row: ResourceRow) => {
    if (matchMedia('(min-width: 1181px)').matches) setView({ ...view, open: view.open === row.key ? undefined : row.key }, true)
    else void navigate({ to: '/resources/$key', params: { key: row.key } })
  }
  useShortcuts(
    useMemo(
      () => ({
        '/': () => filter.current?.focus(),
        j: () => document.querySelector<HTMLElement>('.grid-table')?.focus(),
        a: () => document.querySelector<HTMLElement>('.panel [data-accept]')?.click(),
        Escape: () => {
          if (view.open) setView({ ...view, open: undefined }, true)
          else chosen.clear()
        },
      }),
      [view, setView, chosen.clear],
    ),
  )
  const bulk: Selection = chosen.all ? selection : { resources: [...chosen.rows.keys()] }
  return (
    <main className="resources" id="main" tabIndex={-1}>
      <h1 className="hidden-visually">Resources</h1>
      <div className="resources-bar">
        <FilterBar
          value={view.filter ?? ''}
          tags={tags}
          error={rows.error}
          inputRef={filter}
          onChange={(text) => setView({ ...view, filter: text || undefined, open: undefined })}
        />
        <div className="row resources-tools">
          <span className="only-narrow">
            <Button icon aria-label="Facets" onClick={() => setFacetsOpen(true)}>
              <FilterIcon />
            </Button>
          </span>
          <ColumnMenu tags={tags} columns={columns} onChange={(next) => setView({ ...view, columns: next }, true)} />
          <SavedViews view={view} />
          <a className={buttonClass('plain', false, true)} href={address('exports', { ...selection, format: 'csv' })} download aria-label="Export as CSV" title="Export as CSV: exactly these resources">
            <DownloadIcon />
          </a>
        </div>
      </div>
      <div className={`resources-body${view.open ? ' with-panel' : ''}`}>
        <aside className="facets" aria-label="Facets">
          <Facets view={view} tags={tags} onChange={setView} />
        </aside>
        <section className="card resources-list" aria-label="List">
          <Summary rows={rows} view={view} onChange={setView} />
          <ListBody rows={rows} view={view} onClear={() => setView({})}>
            <Grid
              rows={rows}
              columns={columns}
              sort={sort}
              onSort={(next) => setView({ ...view, sort: next === 'cost' ? undefined : next }, true)}
              open={view.open}
              onOpen={open}
              selected={chosen.rows}
              onSelect={chosen.toggle}
              onRange={onRange}
              currency={rows.currency}
            />
          </ListBody>
          {chosen.rows.size > 0 ? <SelectionBar chosen={chosen} rows={rows} onEdit={() => setBulkOpen(true)} /> : null}
        </section>
        {view.open ? <Panel resourceKey={view.open} onClose={() => setView({ ...view, open: undefined }, true)} /> : null}
      </div>
      <Drawer title="Facets" isOpen={areFacetsOpen} onClose={() => setFacetsOpen(false)} foot={<Button variant="primary" onClick={() => setFacetsOpen(false)}>{rows.total === undefined ? 'Show' : `Show ${plural(rows.total, 'resource')}`}</Button>}>
        <div className="facets-drawer">
          <Facets view={view} tags={tags} onChange={setView} />
        </div>
      </Drawer>
      {isBulkOpen ? (
        <Suspense>
          <BulkDrawer
            selection={bulk}
            count={chosen.all ? (rows.total ?? 0) : chosen.rows.size}
            onClose={(isDone) => {
              setBulkOpen(false)
              if (isDone) chosen.clear()
            }}
          />
        </Suspense>
      ) : null}
    </main>
  )
}

interface Selected {
  rows: ReadonlyMap<string, ResourceRow>
  /** Whether all rows that the filter selects are meant, not only those that were clicked. */
  all: boolean
  toggle: (row: ResourceRow, isRange: boolean, index: number) => void
  selectAll: () => void
  clear: () => void
}

function useSelected(rows: Rows): Selected {
  const [selected, setSelected] = useState<ReadonlyMap<string, ResourceRow>>(new Map())
  const [all, setAll] = useState(false)
  const anchor = useRef<number | undefined>(undefined)
  const clear = useCallback(() => {
    setSelected(new Map())
    setAll(false)
  }, [])
  const toggle = (row: ResourceRow, isRange: boolean, index: number) => {
    const next = new Map(selected)
    if (isRange && anchor.current !== undefined) {
      const [from, to] = [Math.min(anchor.current, index), Math.max(anchor.current, index)]
      for (let at = from; at <= to; at++) {
        const one = rows.at(at)
        if (one) next.set(one.key, one)
      }
    } else if (next.has(row.key)) next.delete(row.key)
    else next.set(row.key, row)
    anchor.current = index
    setSelected(next)
    setAll(false)
  }
  return { rows: selected, all, toggle, selectAll: () => setAll(true), clear }
}

function Summary({ rows, view, onChange }: { rows: Rows; view: ResourceView; onChange: (view: ResourceView) => void }) {
  const { data: all } = useQuery(queries.compliance())
  if (rows.error && rows.total === undefined) return null
  const chips = Object.entries(view.facets ?? {}).flatMap(([name, values]) => values.map((value) => ({ name, value })))
  return (
    <div className="summary">
      <p role="status" className="summary-count">
        {rows.total === undefined ? (
          <span className="dim">{rows.error ? '' : 'Loading resources'}</span>
        ) : (
          <>
            <strong>{formatCount(rows.total)}</strong>
            <span className="dim">
              {all && rows.total !== all.resources ? ` of ${formatCount(all.resources)}` : ''} {rows.total === 1 ? 'resource' : 'resources'}
              {rows.monthlyCost === null ? '' : `, ${formatMoney(rows.monthlyCost, rows.currency)} a month`}
            </span>
          </>
        )}
      </p>
      {chips.length > 0 ? (
        <ul className="chips" aria-label="Selected facets">
          {chips.map(({ name, value }) => (
            <li key={`${name}=${value}`}>
              <button type="button" className="chip" onClick={() => onChange({ ...view, facets: toggleFacet(view.facets, name, value) })} aria-label={`Remove ${facetLabel(name)} ${valueLabel(name, value)}`}>
                <span className="dim">{facetLabel(name)}</span> {valueLabel(name, value)}
                <CloseIcon size={12} />
              </button>
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  )
}

function ListBody({ rows, view, onClear, children }: { rows: Rows; view: ResourceView; onClear: () => void; children: React.ReactNode }) {
  const isWrongFilter = rows.error instanceof Problem && rows.error.status === 400
  if (isWrongFilter) {
    return (
      <State title="This filter cannot be read" actions={<Button onClick={onClear}>Clear the filter</Button>}>
        <p>The message below the filter shows what to change. Words without operators are searched as they are.</p>
      </State>
    )
  }
  if (rows.error && rows.total === undefined) return <ErrorState error={rows.error} retry={rows.retry} />
  if (rows.total === 0) {
    const isFiltered = Boolean(view.filter || view.facets)
    return isFiltered ? (
      <State title="No resource matches" actions={<Button onClick={onClear}>Clear the filter</Button>}>
        {rows.similar.length > 0 ? (
          <p>
            Similar names:{' '}
            {rows.similar.map((one, at) => (
              <span key={one.key}>
                {at > 0 ? ', ' : ''}
                <Link to="/resources/$key" params={{ key: one.key }} className="underlined">
                  {one.resource_name ?? one.resource_id}
                </Link>
              </span>
            ))}
          </p>
        ) : (
          <p>Remove a facet, or use fewer words. Each word must be in the name, the id or a tag.</p>
        )}
      </State>
    ) : (
      <State title="The inventory is empty" actions={<UploadButton variant="primary" />}>
        <p>Upload a bill, an export of a cloud, or a list of resources.</p>
      </State>
    )
  }
  return children
}

function SelectionBar({ chosen, rows, onEdit }: { chosen: Selected; rows: Rows; onEdit: () => void }) {
  const reason = useReason('bulk')
  const count = chosen.all ? (rows.total ?? 0) : chosen.rows.size
  const money = chosen.all ? null : sumAmounts([...chosen.rows.values()].map((row) => row.monthly_cost))
  return (
    <div className="selection" role="region" aria-label="Selection">
      <p className="grow">
        <strong>{formatCount(count)} selected</strong>
        {money ? <span className="dim"> · {formatMoney(money, rows.currency)}</span> : null}
      </p>
      {!chosen.all && rows.total !== undefined && rows.total > chosen.rows.size ? (
        <Button variant="quiet" onClick={chosen.selectAll}>
          Select all {formatCount(rows.total)}
        </Button>
      ) : null}
      <Button variant="quiet" onClick={chosen.clear}>
        Clear
      </Button>
      <Button variant="primary" reason={reason} onClick={onEdit}>
        Change tags…
      </Button>
    </div>
  )
}

function ColumnMenu({ tags = [], columns, onChange }: { tags: Tags; columns: string[]; onChange: (columns: string[]) => void }) {
  return (
    <span className="only-wide">
      <Menu
        label="Columns"
        icon
        head="Tags shown as columns"
        entries={tags.map((tag) => ({
          id: tag.key,
          text: tag.key,
          label: tag.key,
          isSelected: columns.includes(tag.key),
          onAction: () => {
            const next = columns.includes(tag.key) ? columns.filter((name) => name !== tag.key) : [...columns, tag.key]
            if (next.length > 0) onChange(next)
          },
        }))}
      >
        <ColumnsIcon />
      </Menu>
    </span>
  )
}
