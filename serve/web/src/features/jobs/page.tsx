import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { request } from '../../api/client'
import { queries, queryClient } from '../../api/queries'
import type { Job, Schedule } from '../../api/types'
import { useReason } from '../../app/session'
import { cronWords } from '../../lib/cron'
import { formatAgo, formatCount, formatTime } from '../../lib/format'
import { attempt } from '../../parts/attempt'
import { Meter } from '../../ui/badge'
import { ActionTable } from '../../ui/action-table'
import { Button } from '../../ui/button'
import { Dialog } from '../../ui/dialog'
import { Form, TextField } from '../../ui/form'
import { LoadingCards, QueryState, State } from '../../ui/states'
import { toast } from '../../ui/toast'
import './jobs.css'

export function JobsPage() {
  const jobs = useQuery({
    ...queries.jobs(),
    refetchInterval: (query) => (query.state.data?.items.some((job) => job.status === 'running' || job.status === 'queued') ? 2_000 : 30_000),
  })
  const schedules = useQuery(queries.schedules())
  return (
    <main className="page" id="main" tabIndex={-1}>
      <header className="page-head">
        <div>
          <h1>Jobs</h1>
          <p className="dim">Work in the background: fetching, evaluation, training, notifications</p>
        </div>
      </header>
      <QueryState query={jobs} loading={<LoadingCards heights={[260]} />}>
        {(data) => <JobList jobs={data.items} />}
      </QueryState>
      <QueryState query={schedules} loading={<LoadingCards heights={[240]} />}>
        {(data) => <Schedules schedules={data.items} />}
      </QueryState>
    </main>
  )
}

const STATUS: Record<Job['status'], [string, string]> = {
  queued: ['Waiting', 'plain'],
  running: ['Running', 'fair'],
  done: ['Done', 'good'],
  dead: ['Failed', 'poor'],
  cancelled: ['Canceled', 'plain'],
}

function StatusBadge({ status }: { status: Job['status'] }) {
  const [label, look] = STATUS[status]
  return <span className={`badge badge-${look}`}>{label}</span>
}

function JobList({ jobs }: { jobs: Job[] }) {
  if (jobs.length === 0) {
    return (
      <div className="card">
        <State title="No jobs yet">
          <p>Jobs appear here when an evaluation, a fetch or a bulk change starts.</p>
        </State>
      </div>
    )
  }
  return (
    <section className="card" aria-label="Jobs">
      <ul>
        {jobs.map((job) => (
          <JobRow key={job.id} job={job} />
        ))}
      </ul>
    </section>
  )
}

function JobRow({ job }: { job: Job }) {
  const reason = useReason('manage_schedules')
  const [isBusy, setBusy] = useState(false)
  const act = async (action: 'cancel' | 'retry') => {
    setBusy(true)
    const done = action === 'cancel' ? 'The job is canceled.' : 'The job runs again.'
    await attempt(() => request(`jobs/${encodeURIComponent(job.id)}/${action}`, { method: 'POST' }), done, 'jobs')
    setBusy(false)
  }
  const isActive = job.status === 'running' || job.status === 'queued'
  return (
    <li className="job">
      <div className="job-name">
        <p className="strong">{NAMES[job.kind] ?? job.kind}</p>
        <p className="dim small mono wrap-anywhere">{job.queue}</p>
      </div>
      <div className="job-status">
        <StatusBadge status={job.status} />
        {job.progress?.total && job.status === 'running' ? (
          <div className="grow job-progress">
            <Meter share={(job.progress.done ?? 0) / job.progress.total} />
            <span className="dim small">
              {formatCount(job.progress.done ?? 0)} of {formatCount(job.progress.total)}
            </span>
          </div>
        ) : null}
        {job.error ? <p className="small job-error wrap-anywhere">{job.error}</p> : null}
      </div>
      <p className="dim small job-time" title={formatTime(job.created_at)}>
        {formatAgo(job.updated_at)}
        {job.attempt > 1 ? ` · attempt ${job.attempt}` : ''}
      </p>
      <div className="job-actions">
        {isActive ? (
          <Button small reason={reason} busy={isBusy} aria-label={`Cancel ${job.kind}`} onClick={() => void act('cancel')}>
            Cancel
          </Button>
        ) : null}
        {job.status === 'dead' || job.status === 'cancelled' ? (
          <Button small reason={reason} busy={isBusy} aria-label={`Retry ${job.kind}`} onClick={() => void act('retry')}>
            Retry
          </Button>
        ) : null}
      </div>
    </li>
  )
}

/** What jobs and schedules are called. Others have the name that the server gives them. */
const NAMES: Record<string, string> = {
  'reingest-resources': 'Read the inventories again',
  'compliance-sweep': 'Evaluate compliance',
  'retrain-models': 'Train models',
  'cleanup-audit': 'Archive old records',
  'generate-reports': 'Send reports',
  'fetch-snapshot': 'Fetch from the clouds',
  'import-snapshot': 'Read an upload',
  'decide-alerts': 'Decide which alerts are sent',
  'deliver-message': 'Send a message',
  'stream-audit-trail': 'Stream the audit trail',
  'apply-events': 'Apply events of clouds',
  'promote-model': 'Use another model',
  'bulk-apply': 'Change many resources',
  'bulk-undo': 'Undo a change of many resources',
}

function Schedules({ schedules }: { schedules: Schedule[] }) {
  const reason = useReason('manage_schedules')
  const [editing, setEditing] = useState<Schedule>()
  return (
    <section className="card">
      <div className="card-head">
        <h2>Schedules</h2>
      </div>
      {schedules.length === 0 ? (
        <State title="No schedules">
          <p>Nothing starts by itself.</p>
        </State>
      ) : (
        <ActionTable label="Schedules" columns={['Schedule', 'When', 'Next', 'Last']} actions="Change">
          {schedules.map((schedule) => (
            <tr key={schedule.name}>
              <td>
                <p className="strong">{NAMES[schedule.name] ?? schedule.name}</p>
                <p className="dim small mono">{schedule.name}</p>
              </td>
              <td>
                {cronWords(schedule.cron) ?? <code>{schedule.cron}</code>} <span className="dim small">{schedule.zone}</span>
              </td>
              <td title={formatTime(schedule.next_at)}>{schedule.enabled ? formatAgo(schedule.next_at) : <span className="dim">Off</span>}</td>
              <td title={schedule.last_at ? formatTime(schedule.last_at) : undefined}>{schedule.last_at ? formatAgo(schedule.last_at) : <span className="dim">Never</span>}</td>
              <td className="right">
                <Button small reason={reason} aria-label={`Change ${NAMES[schedule.name] ?? schedule.name}`} onClick={() => setEditing(schedule)}>
                  Change
                </Button>
              </td>
            </tr>
          ))}
        </ActionTable>
      )}
      {editing ? (
        <Dialog title={NAMES[editing.name] ?? editing.name} isOpen onClose={() => setEditing(undefined)} dismissable={false}>
          <ScheduleForm schedule={editing} onDone={() => setEditing(undefined)} />
        </Dialog>
      ) : null}
    </section>
  )
}

function ScheduleForm({ schedule, onDone }: { schedule: Schedule; onDone: () => void }) {
  const submit = async (fields: FormData) => {
    const body = { cron: String(fields.get('cron')).trim(), zone: String(fields.get('zone')).trim(), enabled: fields.get('enabled') === 'on' }
    await request<void>(`schedules/${encodeURIComponent(schedule.name)}`, { method: 'PUT', body })
    await queryClient.invalidateQueries({ queryKey: ['schedules'] })
    toast('The schedule is changed.')
    onDone()
  }
  return (
    <Form fields={['cron', 'zone']} action="Save" submit={submit} onCancel={onDone}>
      {(problem) => (
        <>
          <TextField name="cron" label="When" value={schedule.cron} problem={problem} help="Five fields: minute, hour, day of the month, month, day of the week. 0 2 * * * is every day at 02:00." />
          <TextField name="zone" label="Time zone" value={schedule.zone} problem={problem} help="UTC, or an offset such as +02:00" />
          <label className="row">
            <input type="checkbox" className="check" name="enabled" defaultChecked={schedule.enabled} /> Start it by itself
          </label>
        </>
      )}
    </Form>
  )
}
