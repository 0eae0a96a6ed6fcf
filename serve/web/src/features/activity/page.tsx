import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { request } from '../../api/client'
import { queries } from '../../api/queries'
import type { AuditEntry, AuditPage, Verification } from '../../api/types'
import type { ActivityView } from '../../app/router'
import { useReason } from '../../app/session'
import { csv, download } from '../../lib/csv'
import { dayAfter } from '../../lib/days'
import { formatCount, formatTime, plural } from '../../lib/format'
import { useActorName } from '../../parts/actor'
import { Button } from '../../ui/button'
import { DownloadIcon } from '../../ui/icons'
import { type Option, Select } from '../../ui/select'
import { LoadingCards, QueryState, State } from '../../ui/states'
import { toast, toastError } from '../../ui/toast'
import { aboutOf, ACTIONS, KINDS } from './actions'
import './activity.css'

const route = getRouteApi('/shell/activity')

export function ActivityPage() {
  const view = route.useSearch()
  const navigate = useNavigate()
  const setView = (next: ActivityView) => void navigate({ to: '/activity', search: next, replace: true })
  const params = {
    action: view.action ? `${view.action}.` : undefined,
    actor: view.actor,
    object: view.object,
    since: view.from ? `${view.from}T00:00:00Z` : undefined,
    until: view.to ? `${dayAfter(view.to)}T00:00:00Z` : undefined,
    limit: 50,
  }
  const audit = useInfiniteQuery({
    queryKey: ['audit', params],
    queryFn: ({ pageParam, signal }) => request<AuditPage>('audit-trail', { params: { ...params, cursor: pageParam }, signal }),
    initialPageParam: '',
    getNextPageParam: (page) => page.next ?? undefined,
    retry: false,
  })
  const isFiltered = Object.keys(view).length > 0
  return (
    <main className="page" id="main" tabIndex={-1}>
      <header className="page-head">
        <div>
          <h1>Activity</h1>
          <p className="dim">Who changed what. Each entry carries a hash of all before it, so that a later change shows.</p>
        </div>
        <div className="page-actions">
          <Export params={params} />
          <Verify />
        </div>
      </header>
      <Filters view={view} onChange={setView} />
      <QueryState query={audit} loading={<LoadingCards heights={[420]} />}>
        {(data) => {
          const entries = data.pages.flatMap((page) => page.items)
          return entries.length === 0 ? (
            <div className="card">
              <State title={isFiltered ? 'No entry matches' : 'Nothing has happened yet'} actions={isFiltered ? <Button onClick={() => setView({})}>Show everything</Button> : undefined}>
                <p>{isFiltered ? 'Choose another kind or a longer time.' : 'Decisions, bulk changes and sign-ins appear here.'}</p>
              </State>
            </div>
          ) : (
            <section className="card" aria-label="Entries">
              <ol className="audit">
                {entries.map((entry) => (
                  <Entry key={entry.seq} entry={entry} />
                ))}
              </ol>
              {audit.hasNextPage ? (
                <div className="audit-foot">
                  <Button small busy={audit.isFetchingNextPage} onClick={() => void audit.fetchNextPage()}>
                    Show earlier entries
                  </Button>
                </div>
              ) : null}
            </section>
          )
        }}
      </QueryState>
    </main>
  )
}

function Filters({ view, onChange }: { view: ActivityView; onChange: (view: ActivityView) => void }) {
  const mayRead = !useReason('manage_users')
  const { data: users } = useQuery({ ...queries.users(), enabled: mayRead })
  return (
    <div className="row row-wrap" role="search" aria-label="Filter the activity">
      <Select label="Kind" className="activity-select" value={view.action ?? ''} options={KINDS} onChange={(action) => onChange({ ...view, action: action || undefined })} />
      {users ? (
        <Select
          label="Person"
          className="activity-select"
          value={view.actor ?? ''}
          options={[['', 'Everyone'], ...users.items.map((user): Option => [`user:${user.id}`, user.name])]}
          onChange={(actor) => onChange({ ...view, actor: actor || undefined })}
        />
      ) : null}
      <label className="row activity-day">
        <span className="dim small">From</span>
        <input type="date" className="input" value={view.from ?? ''} max={view.to} onChange={(event) => onChange({ ...view, from: event.target.value || undefined })} />
      </label>
      <label className="row activity-day">
        <span className="dim small">to</span>
        <input type="date" className="input" value={view.to ?? ''} min={view.from} onChange={(event) => onChange({ ...view, to: event.target.value || undefined })} />
      </label>
      {view.object ? (
        <Button small variant="quiet" onClick={() => onChange({ ...view, object: undefined })}>
          Only one resource · show all
        </Button>
      ) : null}
    </div>
  )
}

/** The most entries of a file. */
const MOST = 20_000

/** Everything that the filter selects, as a file: the page shows only the newest. */
function Export({ params }: { params: Record<string, string | number | undefined> }) {
  const reason = useReason('read_audit')
  const [isBusy, setBusy] = useState(false)
  const save = async () => {
    setBusy(true)
    try {
      const entries: AuditEntry[] = []
      let cursor: string | undefined = ''
      while (cursor !== undefined && entries.length < MOST) {
        const page: AuditPage = await request<AuditPage>('audit-trail', { params: { ...params, limit: 500, cursor } })
        entries.push(...page.items)
        cursor = page.next ?? undefined
      }
      const head = ['seq', 'timestamp', 'performed_by', 'name', 'action', 'object', 'tag', 'old', 'new', 'note', 'hash']
      const rows = entries.map((one) => [one.seq, one.timestamp, one.performed_by, one.performed_by_name, one.action, one.object, one.details.tag ?? null, one.details.old ?? null, one.details.new ?? null, one.details.note ?? null, one.hash])
      download('activity.csv', csv(head, rows))
      if (cursor !== undefined) toast(`The file has the newest ${formatCount(MOST)} entries. Choose fewer days for the others.`)
    } catch (error) {
      toastError(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Button reason={reason} busy={isBusy} onClick={() => void save()}>
      <DownloadIcon /> CSV
    </Button>
  )
}

function Verify() {
  const reason = useReason('read_audit')
  const [isBusy, setBusy] = useState(false)
  const verify = async () => {
    setBusy(true)
    try {
      const found = await request<Verification>('audit-trail/verify', { method: 'POST' })
      if (found.intact) toast(`${plural(found.entries ?? 0, 'entry', 'entries')} verified. All are as they were written.`)
      else toast(`Entry ${found.broken_at} is not as it was written: ${found.reason}.`, { look: 'poor' })
    } catch (error) {
      toastError(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Button reason={reason} busy={isBusy} onClick={() => void verify()}>
      Verify
    </Button>
  )
}

function Entry({ entry }: { entry: AuditEntry }) {
  const nameOf = useActorName()
  const { tag, old, new: next, note } = entry.details
  const isResource = entry.action.startsWith('tag.')
  const about = aboutOf(entry)
  return (
    <li className="audit-row">
      <time className="dim small" dateTime={entry.timestamp}>
        {formatTime(entry.timestamp)}
      </time>
      <div className="audit-what">
        <p className="wrap-anywhere">
          <strong>{nameOf(entry.performed_by, entry.performed_by_name)}</strong> {ACTIONS[entry.action] ?? entry.action} {tag ? <code>{tag}</code> : null}
          {about ? <code>{about}</code> : null}
          {note ? <span className="dim"> “{note}”</span> : null}
        </p>
        {isResource ? (
          <Link to="/resources/$key" params={{ key: entry.object }} className="audit-object mono">
            {entry.object}
          </Link>
        ) : null}
      </div>
      <p className="audit-change small">
        {tag && (old !== undefined || next !== undefined) ? (
          <>
            <span className="dim">{old ?? 'no decision'}</span> <span aria-hidden="true">→</span>
            <span className="hidden-visually">became</span> {next ?? 'no decision'}
          </>
        ) : null}
      </p>
      <code className="dim audit-hash" title={`Number ${entry.seq}, hash ${entry.hash}`}>
        {entry.hash.slice(0, 8)}
      </code>
    </li>
  )
}
