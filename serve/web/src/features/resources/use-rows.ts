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
  /** What all of them cost a month. Null: not known. */
  monthlyCost: string | null
  /** Rows that the list can show. */
  reach: number
  error: unknown
  isLoading: boolean
  isFetching: boolean
  retry: () => void
}

type Params = Record<string, string | undefined>

/** The most rows that the server skips. A list does not reach beyond them. */
const FARTHEST = 2_000_000

/** How pages of one list are asked for: by the cursor of the page before, which costs least, or by their place. */
class Pager {
  private readonly cursors = new Map<number, string>()

  constructor(private readonly params: Params) {}

  key(page: number) {
    return ['resources', 'rows', this.params, page] as const
  }

  async load(page: number, signal: AbortSignal): Promise<ResourcePage> {
    const cursor = this.cursors.get(page)
    const start = page === 0 ? {} : cursor ? { cursor } : { offset: page * PAGE }
    const found = await request<ResourcePage>('resources', { params: { ...this.params, limit: PAGE, ...start }, signal })
    if (found.next) this.cursors.set(page + 1, found.next)
    return found
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
    monthlyCost: shown?.monthly_cost ?? null,
    reach: Math.min(total ?? 0, FARTHEST),
    error: failed?.error,
    isLoading: !shown && !failed,
    isFetching: results.some((result) => result.isFetching),
    retry: () => void failed?.refetch(),
  }
}
