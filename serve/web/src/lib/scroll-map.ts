/**
 * Maps rows to a scroll bar. Browsers stop near 33.5 million pixels, which is fewer than a million rows, so that the
 * height is capped: a drag of the scroll bar moves in proportion, and a wheel or a key moves by its own pixels.
 */

/** The greatest height of the content, below what any browser stops at. */
export const MAX_HEIGHT = 8_000_000

export interface ScrollGeometry {
  rows: number
  rowHeight: number
  /** Height of what is seen. */
  viewport: number
}

export interface ScrollState {
  /** `scrollTop` of the element. */
  native: number
  /** Where the rows are, in pixels from the first row. */
  virtual: number
}

export const START: ScrollState = { native: 0, virtual: 0 }

export function contentHeight({ rows, rowHeight }: ScrollGeometry): number {
  return Math.min(rows * rowHeight, MAX_HEIGHT)
}

function ends(geometry: ScrollGeometry): { native: number; virtual: number } {
  const virtual = Math.max(0, geometry.rows * geometry.rowHeight - geometry.viewport)
  return { native: Math.max(0, contentHeight(geometry) - geometry.viewport), virtual }
}

const clamp = (value: number, most: number) => Math.min(Math.max(0, value), most)

/** What a new `scrollTop` means: a small step is a step of the rows, a large one a drag of the bar. */
export function scrolled(state: ScrollState, native: number, geometry: ScrollGeometry): ScrollState {
  const end = ends(geometry)
  const step = native - state.native
  if (native <= 0) return { native: 0, virtual: 0 }
  if (end.native === end.virtual) return { native, virtual: clamp(native, end.virtual) }
  const isDrag = Math.abs(step) > geometry.viewport
  const virtual = isDrag ? (native / end.native) * end.virtual : state.virtual + step
  return { native, virtual: clamp(virtual, end.virtual) }
}

/** The state whose bar stands in proportion to the rows: where the bar goes when scrolling has ended. */
export function settled(virtual: number, geometry: ScrollGeometry): ScrollState {
  const end = ends(geometry)
  const at = clamp(virtual, end.virtual)
  if (end.native === end.virtual) return { native: at, virtual: at }
  // Only the first and the last row are at the ends of the bar: elsewhere there is room to move both ways.
  const native = Math.round((at / end.virtual) * end.native)
  const isInside = at > 0 && at < end.virtual
  return { native: isInside ? Math.min(Math.max(1, native), end.native - 1) : native, virtual: at }
}

/** The state in which a row is seen whole; the same state if it is. */
export function revealed(state: ScrollState, row: number, geometry: ScrollGeometry): ScrollState {
  const top = row * geometry.rowHeight
  const bottom = top + geometry.rowHeight
  if (top < state.virtual) return settled(top, geometry)
  if (bottom > state.virtual + geometry.viewport) return settled(bottom - geometry.viewport, geometry)
  return state
}

/** The rows that are seen, and `overscan` more on each side: first, and one behind the last. */
export function visibleRows(state: ScrollState, geometry: ScrollGeometry, overscan = 6): [number, number] {
  const first = Math.floor(state.virtual / geometry.rowHeight)
  const last = Math.ceil((state.virtual + geometry.viewport) / geometry.rowHeight)
  return [Math.max(0, first - overscan), Math.min(geometry.rows, last + overscan)]
}

/** The place of a row in the element, in pixels from its top. */
export function rowTop(row: number, state: ScrollState, { rowHeight }: ScrollGeometry): number {
  return state.native + (row * rowHeight - state.virtual)
}
