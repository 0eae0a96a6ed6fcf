/** Follows what happens on the server, so that pages show it without being loaded again. */
import { useEffect } from 'react'
import { address } from '../api/client'
import { queryClient } from '../api/queries'

/** How long events are collected: a bulk change sends one for each resource. */
const TOGETHER = 400

/** After a stream was refused. */
const RETRY = 30_000

/** What people decided. */
const DECIDED = ['resources', 'resource', 'facets', 'suggestions', 'compliance', 'costs', 'audit', 'graph']

/** What an event makes old. `*` is everything. */
export function staleAfter(kind: string, data: { action?: string }): readonly string[] {
  switch (kind) {
    case 'tag':
      return DECIDED
    case 'job':
      return ['jobs', 'bulk']
    case 'activity':
      return data.action?.startsWith('policy.') ? ['audit', 'policy-files', 'policy-revisions'] : data.action?.startsWith('bulk.') ? ['audit', 'bulk'] : ['audit']
    default:
      return ['*']
  }
}

/**
 * Keeps a stream open while the tab is visible: browsers open only six connections to an address, which the tabs in the
 * background would use up. A stream goes on behind the last event of the one before.
 */
class Live {
  private source: EventSource | undefined
  private last = ''
  private generation: string | undefined
  private hasFailed = false
  private readonly stale = new Set<string>()
  private timers: ReturnType<typeof setTimeout>[] = []

  constructor() {
    document.addEventListener('visibilitychange', this.onVisibility)
    this.onVisibility()
  }

  end(): void {
    document.removeEventListener('visibilitychange', this.onVisibility)
    this.timers.forEach(clearTimeout)
    this.source?.close()
  }

  private readonly onVisibility = () => {
    this.source?.close()
    this.source = undefined
    if (document.visibilityState === 'visible') this.open()
  }

  private open(): void {
    const source = new EventSource(address('events', { after: this.last }))
    this.source = source
    source.onopen = () => {
      if (this.hasFailed) this.mark(['*'])
      this.hasFailed = false
    }
    source.onerror = () => {
      this.hasFailed = true
      // The browser tries again by itself, except after a refusal.
      if (source.readyState !== EventSource.CLOSED || this.source !== source) return
      this.timers.push(setTimeout(() => this.source === source && this.onVisibility(), RETRY))
    }
    for (const kind of ['tag', 'job', 'activity', 'generation', 'reset']) {
      source.addEventListener(kind, (event: MessageEvent<string>) => this.receive(kind, event))
    }
  }

  private receive(kind: string, event: MessageEvent<string>): void {
    this.last = event.lastEventId
    const data = JSON.parse(event.data) as { action?: string; generation?: string }
    if (kind === 'generation') {
      const isFirst = this.generation === undefined
      const isSame = this.generation === data.generation
      this.generation = data.generation
      // A stream begins with the generation that is served, which the page has read.
      if (isFirst || isSame) return
    }
    this.mark(staleAfter(kind, data))
  }

  private mark(names: readonly string[]): void {
    const isFirst = this.stale.size === 0
    names.forEach((name) => this.stale.add(name))
    if (isFirst) this.timers = [...this.timers.slice(-2), setTimeout(() => this.refresh(), TOGETHER)]
  }

  private refresh(): void {
    const names = [...this.stale]
    this.stale.clear()
    void queryClient.invalidateQueries(names.includes('*') ? {} : { predicate: ({ queryKey: [name] }) => names.includes(String(name)) })
  }
}

export function useLive(): void {
  useEffect(() => {
    const live = new Live()
    return () => live.end()
  }, [])
}
