import { useQueries } from '@tanstack/react-query'
import { useMemo, useRef } from 'react'
import { request } from '../../api/client'
import { queryClient } from '../../api/queries'
import type { ResourcePage, ResourceRow } from '../../api/types'

/** Rows of a page. */
const PAGE = 100

export interface Rows {
  /** The row at an index; undefined while it is loaded. */
  at: (index: number) => ResourceRow | undefined
  /** Rows in all. undefined: not known yet. */
  total: number | undefined
  /** If words were searched for and nothing was found: resources with similar names. */
  similar: NonNullable<ResourcePage['similar']>
  currency: string | null
  /** Rows that the list can show now: all, or those next to what was loaded if pages are only known one by one. */
  reach: number
  error: unknown
  isLoading: boolean
  isFetching: boolean
  retry: () => void
}

/** A server that can begin a page anywhere returns the place of its first row; then the scroll bar jumps anywhere. */
type Page = ResourcePage & { offset?: number }

type Params = Record<string, string | undefined>

/** How pages of one list are asked for: by the cursor of the page before, or by their place if the server can jump. */
class Pager {
  private readonly cursors = new Map<number, string>()
  canJump = false
  last = 0

  constructor(private readonly params: Params) {}

  key(page: number) {
    return ['resources', 'rows', this.params, page] as const
  }

  async load(page: number, signal: AbortSignal): Promise<Page> {
    const found = await this.ask(page, signal)
    this.canJump ||= found.offset !== undefined
    if (found.next) this.cursors.set(page + 1, found.next)
    this.last = Math.max(this.last, page)
    return found
  }

  private async ask(page: number, signal: AbortSignal): Promise<Page> {
    const get = (more: Record<string, string | number>) =>
      request<Page>('resources', { params: { ...this.params, limit: PAGE, ...more }, signal })
    const cursor = this.cursors.get(page)
    if (page === 0) return get({})
    if (cursor) return get({ cursor })
    if (this.canJump) return get({ offset: page * PAGE })
    // One page after the other, from the last one whose successor is known.
    const before = await queryClient.fetchQuery({ queryKey: this.key(page - 1), queryFn: ({ signal }) => this.load(page - 1, signal) })
    if (!before.next) return { ...before, items: [] }
    return get({ cursor: before.next })
  }
}

/** The rows of a list that are seen, `first` to `end` (exclusive). */
export function useRows(params: Params, first: number, end: number): Rows {
  const id = JSON.stringify(params)
  const pager = useMemo(() => new Pager(params), [id])
  const firstPage = Math.floor(first / PAGE)
  const lastPage = Math.max(firstPage, Math.floor(Math.max(0, end - 1) / PAGE))
  const wanted = [...new Set([0, ...Array.from({ length: lastPage - firstPage + 1 }, (_, at) => firstPage + at)])]
  const results = useQueries({
    queries: wanted.map((page) => ({
      queryKey: pager.key(page),
      queryFn: ({ signal }: { signal: AbortSignal }) => pager.load(page, signal),
      staleTime: 30_000,
    })),
  })
  const pages = new Map(wanted.map((page, at) => [page, results[at]?.data]))
  const head = pages.get(0)
  const previous = useRef<ResourcePage | undefined>(undefined)
  if (head) previous.current = head
  const shown = head ?? previous.current
  const total = shown?.total ?? (shown ? shown.items.length : undefined)
  const failed = results.find((result) => result.error && result.data === undefined)
  return {
    at: (index) => {
      const page = Math.floor(index / PAGE)
      const cached = pages.get(page) ?? queryClient.getQueryData<ResourcePage>(pager.key(page))
      // While a new filter loads, the first rows of the old one stay, so that nothing flashes.
      return (cached ?? (head || page > 0 ? undefined : shown))?.items[index % PAGE]
    },
    total,
    similar: shown?.similar ?? [],
    currency: shown?.currency ?? null,
    reach: pager.canJump ? (total ?? 0) : Math.min(total ?? 0, (pager.last + 2) * PAGE),
    error: failed?.error,
    isLoading: !shown && !failed,
    isFetching: results.some((result) => result.isFetching),
    retry: () => void failed?.refetch(),
  }
}
