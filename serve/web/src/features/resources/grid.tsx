import { type KeyboardEvent, type PointerEvent, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { ResourceRow, RowTag } from '../../api/types'
import { formatAmount, formatProvider } from '../../lib/format'
import { contentHeight, revealed, rowTop, type ScrollGeometry, type ScrollState, scrolled, settled, START, visibleRows } from '../../lib/scroll-map'
import { ComplianceBadge, SourceDot, sourceLabel } from '../../ui/badge'
import { DownIcon, UpIcon } from '../../ui/icons'
import { Skeleton } from '../../ui/states'
import type { Rows } from './use-rows'

interface GridProps {
  rows: Rows
  columns: string[]
  sort: string
  onSort: (sort: string) => void
  open: string | undefined
  onOpen: (row: ResourceRow) => void
  selected: ReadonlyMap<string, ResourceRow>
  onSelect: (row: ResourceRow, isRange: boolean, index: number) => void
  /** Which rows are seen. */
  onRange: (first: number, end: number) => void
  currency: string | null
}

/** Height of a row, which is larger on a phone. */
function useRowHeight(): number {
  const [isNarrow, setNarrow] = useState(() => matchMedia('(max-width: 760px)').matches)
  useEffect(() => {
    const media = matchMedia('(max-width: 760px)')
    const update = () => setNarrow(media.matches)
    media.addEventListener('change', update)
    return () => media.removeEventListener('change', update)
  }, [])
  return isNarrow ? 66 : 38
}

/**
 * A table of any number of rows, of which only the ones that are seen exist. The focus stays on the grid, and
 * `aria-activedescendant` follows the current row, so that scrolling never loses it.
 */
export function Grid({ rows, columns, sort, onSort, open, onOpen, selected, onSelect, onRange, currency }: GridProps) {
  const body = useRef<HTMLDivElement>(null)
  const rowHeight = useRowHeight()
  const [viewport, setViewport] = useState(600)
  const [scroll, setScroll] = useState<ScrollState>(START)
  const [current, setCurrent] = useState(0)
  const count = rows.reach
  const geometry: ScrollGeometry = { rows: count, rowHeight, viewport }
  const [first, end] = visibleRows(scroll, geometry)
  useScrolling(body, geometry, scroll, setScroll, setViewport)
  useEffect(() => onRange(first, end), [onRange, first, end])
  // A new filter or order starts at the top.
  const list = `${sort}\n${rows.total}`
  const before = useRef(list)
  useEffect(() => {
    if (before.current === list) return
    before.current = list
    setScroll(START)
    setCurrent(0)
    body.current?.scrollTo({ top: 0 })
  }, [list])

  const move = (to: number) => {
    const at = Math.max(0, Math.min(count - 1, to))
    setCurrent(at)
    setScroll((state) => revealed(state, at, geometry))
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.metaKey || event.ctrlKey || event.altKey || event.target !== event.currentTarget) return
    const page = Math.max(1, Math.floor(viewport / rowHeight) - 1)
    const moves: Record<string, number> = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page, Home: -current, End: count }
    const step = moves[event.key]
    const row = rows.at(current)
    if (step !== undefined) move(current + step)
    else if (event.key === 'Enter' && row) onOpen(row)
    else if ((event.key === ' ' || event.key === 'x') && row) onSelect(row, event.shiftKey, current)
    else return
    event.preventDefault()
  }
  const indices = Array.from({ length: Math.max(0, end - first) }, (_, at) => first + at)
  return (
    <div
      ref={body}
      className="grid-table"
      role="grid"
      aria-label="Resources"
      aria-rowcount={(rows.total ?? 0) + 1}
      aria-multiselectable="true"
      aria-activedescendant={rows.at(current) ? `row-${current}` : undefined}
      tabIndex={0}
      data-columns={columns.length}
      onKeyDown={onKeyDown}
    >
      <Header columns={columns} sort={sort} onSort={onSort} currency={currency} />
      <div className="grid-space" role="rowgroup" style={{ height: contentHeight(geometry) }}>
        {indices.map((index) => {
            const row = rows.at(index)
            const top = rowTop(index, scroll, geometry)
            return row ? (
              <Row
                key={index}
                index={index}
                row={row}
                top={top}
                columns={columns}
                isOpen={row.key === open}
                isCurrent={index === current}
                isSelected={selected.has(row.key)}
                onOpen={() => {
                  setCurrent(index)
                  onOpen(row)
                }}
                onSelect={(isRange) => {
                  setCurrent(index)
                  onSelect(row, isRange, index)
                }}
              />
            ) : (
              <div key={index} className="grid-row" role="row" aria-rowindex={index + 2} style={{ transform: `translateY(${top}px)` }}>
                <div role="gridcell" className="cell-name">
                  <span className="hidden-visually">Loading</span>
                  <Skeleton width={160} />
                </div>
              </div>
            )
        })}
      </div>
    </div>
  )
}

/** Keeps the scroll bar and the rows together, see `scroll-map`. */
function useScrolling(
  body: React.RefObject<HTMLDivElement | null>,
  geometry: ScrollGeometry,
  scroll: ScrollState,
  setScroll: (change: (state: ScrollState) => ScrollState) => void,
  setViewport: (height: number) => void,
): void {
  const latest = useRef(geometry)
  useLayoutEffect(() => {
    latest.current = geometry
    const element = body.current
    if (element && Math.abs(element.scrollTop - scroll.native) > 1) element.scrollTop = scroll.native
  })
  useEffect(() => {
    const element = body.current
    if (!element) return
    let timer: ReturnType<typeof setTimeout> | undefined
    const onScroll = () => {
      const native = element.scrollTop
      setScroll((state) => (Math.abs(native - state.native) <= 1 ? state : scrolled(state, native, latest.current)))
      clearTimeout(timer)
      timer = setTimeout(() => setScroll((state) => settled(state.virtual, latest.current)), 140)
    }
    const observer = new ResizeObserver(() => setViewport(element.clientHeight - (element.querySelector('.grid-head')?.clientHeight ?? 0)))
    observer.observe(element)
    element.addEventListener('scroll', onScroll, { passive: true })
    return () => {
      clearTimeout(timer)
      observer.disconnect()
      element.removeEventListener('scroll', onScroll)
    }
  }, [body, setScroll, setViewport])
}

function Header({ columns, sort, onSort, currency }: Pick<GridProps, 'columns' | 'sort' | 'onSort' | 'currency'>) {
  const column = (field: string, label: string, className: string) => (
    <SortHeader key={field} field={field} label={label} className={className} sort={sort} onSort={onSort} />
  )
  return (
    <div className="grid-head" role="rowgroup">
      <div className="grid-row grid-head-row" role="row" aria-rowindex={1}>
        <div role="columnheader" className="cell-check">
          <span className="hidden-visually">Selected</span>
        </div>
        {column('name', 'Resource', 'cell-name')}
        {column('type', 'Type', 'cell-type')}
        {columns.map((tag, at) => column(`tag:${tag}`, tag, at < 2 ? 'cell-tag' : 'cell-tag cell-tag-more'))}
        {column('compliance', 'Compliance', 'cell-compliance')}
        {column('cost', currency ?? 'Cost', 'cell-cost')}
      </div>
    </div>
  )
}

function SortHeader({ field, label, className, sort, onSort }: { field: string; label: string; className: string; sort: string; onSort: (sort: string) => void }) {
  const isSorted = sort === field || sort === `-${field}`
  const isReverse = sort.startsWith('-')
  // Costs are ordered from the highest by default, everything else from its start.
  const isDescending = (field === 'cost') !== isReverse
  return (
    <div role="columnheader" className={className} aria-sort={isSorted ? (isDescending ? 'descending' : 'ascending') : 'none'}>
      <button type="button" className="grid-sort truncate" onClick={() => onSort(isSorted && !isReverse ? `-${field}` : field)}>
        {label}
        {isSorted ? isDescending ? <DownIcon size={12} /> : <UpIcon size={12} /> : null}
      </button>
    </div>
  )
}

interface RowProps {
  index: number
  row: ResourceRow
  top: number
  columns: string[]
  isOpen: boolean
  isCurrent: boolean
  isSelected: boolean
  onOpen: () => void
  onSelect: (isRange: boolean) => void
}

function Row({ index, row, top, columns, isOpen, isCurrent, isSelected, onOpen, onSelect }: RowProps) {
  const name = row.resource_name ?? row.resource_id
  const onClick = useCallback(
    (event: React.MouseEvent) => {
      if (String(getSelection() ?? '') === '') event.shiftKey ? onSelect(true) : onOpen()
    },
    [onOpen, onSelect],
  )
  const onCheck = (event: PointerEvent | React.MouseEvent) => {
    event.stopPropagation()
    onSelect(event.shiftKey)
  }
  return (
    <div
      id={`row-${index}`}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      className={`grid-row grid-link${isOpen ? ' grid-open' : ''}${isCurrent ? ' grid-current' : ''}`}
      style={{ transform: `translateY(${top}px)` }}
      onClick={onClick}
    >
      <div role="gridcell" className="cell-check" onClick={onCheck}>
        <span className="check" data-checked={isSelected} aria-hidden="true" />
        <span className="hidden-visually">{isSelected ? 'Selected' : 'Not selected'}</span>
      </div>
      <div role="gridcell" className="cell-name truncate" title={row.resource_id}>
        {row.resource_name ?? <span className="mono">{name}</span>}
      </div>
      <div role="gridcell" className="cell-type truncate dim" title={row.resource_type ?? undefined}>
        {[formatProvider(row.provider), row.resource_type].filter(Boolean).join(' · ')}
      </div>
      {columns.map((tag, at) => (
        <TagCell key={tag} name={tag} row={row} isMore={at >= 2} />
      ))}
      <div role="gridcell" className="cell-compliance">
        <ComplianceBadge value={row.compliance} />
      </div>
      <div role="gridcell" className="cell-cost">
        {row.monthly_cost === null ? <span className="dim">no data</span> : formatAmount(row.monthly_cost)}
      </div>
    </div>
  )
}

function TagCell({ name, row, isMore }: { name: string; row: ResourceRow; isMore: boolean }) {
  const className = `cell-tag truncate${isMore ? ' cell-tag-more' : ''}`
  const tag: RowTag | undefined = row.virtual_tags.find((one) => one.key === name)
  if (tag?.value != null) {
    return (
      <div role="gridcell" className={className} title={`${tag.value} (${tag.source ? sourceLabel(tag.source) : ''})`}>
        <SourceDot source={tag.source} /> {tag.value}
      </div>
    )
  }
  return (
    <div role="gridcell" className={className}>
      <span className="missing">missing</span>
    </div>
  )
}
