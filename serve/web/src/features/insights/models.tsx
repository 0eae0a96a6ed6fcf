import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { request } from '../../api/client'
import { queries, refresh } from '../../api/queries'
import type { Enqueued, Job, Model } from '../../api/types'
import { useReason } from '../../app/session'
import { formatAgo, formatCount, formatDay, formatPercent, formatTime, plural } from '../../lib/format'
import { hasEnded, useJob } from '../../parts/use-job'
import { Button } from '../../ui/button'
import { Dialog } from '../../ui/dialog'
import { Form } from '../../ui/form'
import { sentence, State } from '../../ui/states'
import { right, Table } from '../../ui/table'
import { toast, toastError } from '../../ui/toast'

/** Jobs that change which models there are, and what is said while one is running. */
const RUNNING: Record<string, string> = {
  'retrain-models': 'A model is being trained.',
  'promote-model': 'The inventory is being evaluated with the other model.',
}

/** Follows the jobs of models: those of others as well, and how the one that was started here ends. */
function useModelJobs(): { running: string | undefined; follow: (job: string) => void } {
  const [started, setStarted] = useState<string>()
  const jobs = useQuery(queries.jobs()).data?.items ?? []
  const active = jobs.find((job) => RUNNING[job.kind] && !hasEnded(job))
  const own = useJob(started, (job) => {
    report(job)
    void refresh('insights', 'anomalies', 'suggestions', 'jobs')
  })
  const isOwnActive = started !== undefined && (own === undefined || !hasEnded(own))
  return { running: RUNNING[(isOwnActive ? own : active)?.kind ?? ''], follow: setStarted }
}

/** Shows how the job of a model has ended. */
function report(job: Job): void {
  const result = (job.result ?? {}) as { reason?: string; is_promoted?: boolean; model?: string | null }
  if (job.status !== 'done') toast(sentence(job.error ?? 'The job was canceled'), { look: 'poor' })
  else if (job.kind === 'promote-model') toast('The model is in use.')
  else if (!result.model) toast(`No model was trained: ${sentence(result.reason ?? '')}`, { look: 'poor' })
  else toast(`${result.is_promoted ? 'A new model is in use' : 'A model was trained, and is not used'}: ${sentence(result.reason ?? '')}`)
}

/** Trains a model now instead of when its schedule does. */
function Train({ isRunning, onStarted }: { isRunning: boolean; onStarted: (job: string) => void }) {
  const reason = useReason('manage_models')
  const [isBusy, setBusy] = useState(false)
  const train = async () => {
    setBusy(true)
    try {
      onStarted((await request<Enqueued>('models/train', { method: 'POST' })).job)
    } catch (error) {
      toastError(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Button small reason={reason ?? (isRunning && 'Wait until the job of models that is running has ended.')} busy={isBusy} onClick={() => void train()}>
      Train a model
    </Button>
  )
}

/** The state of a project without a model, with what changes it. */
export function NoModel() {
  const { running, follow } = useModelJobs()
  return (
    <div className="card">
      <State title="No model is in use" actions={<Train isRunning={running !== undefined} onStarted={follow} />}>
        <p>A model learns from the resources that have tags, and suggests values for those that lack them. One is trained every Monday, or now.</p>
        <p role="status">{running ?? ''}</p>
      </State>
    </div>
  )
}

export function Models({ models }: { models: Model[] }) {
  const { running, follow } = useModelJobs()
  const [chosen, setChosen] = useState<Model>()
  const reason = useReason('manage_models')
  const used = models.find((model) => model.in_use)
  return (
    <section className="card">
      <div className="card-head">
        <h2>Models</h2>
        <span role="status" className="dim small grow model-status">
          {running ?? ''}
        </span>
        <Train isRunning={running !== undefined} onStarted={follow} />
      </div>
      <Table label="Models" columns={['Model', 'Trained', right('Resources'), right('Tags'), right('Accuracy'), { title: 'Use', isHidden: true }]} isWide>
        {models.map((model) => (
          <tr key={model.id}>
            <td>
              <span className="mono small">{model.id}</span> {model.in_use ? <span className="badge badge-good">In use</span> : model.was_in_use ? <span className="badge">In use before</span> : null}
            </td>
            <td title={formatTime(model.trained_at)}>{formatAgo(model.trained_at)}</td>
            <td className="right">{formatCount(model.resources)}</td>
            <td className="right">{formatCount(model.tags)}</td>
            <td className="right">{model.accuracy === null ? '–' : formatPercent(model.accuracy, 1)}</td>
            <td className="right">
              {model.in_use ? null : (
                <Button small reason={reason ?? (running && 'Wait until the job of models that is running has ended.')} aria-label={`${actionOf(model)} ${model.id}`} onClick={() => setChosen(model)}>
                  {actionOf(model)}
                </Button>
              )}
            </td>
          </tr>
        ))}
      </Table>
      {chosen ? <UseDialog model={chosen} used={used} onStarted={follow} onClose={() => setChosen(undefined)} /> : null}
    </section>
  )
}

const actionOf = (model: Model) => (model.was_in_use ? 'Roll back' : 'Use')

/** Asks before another model is used, with what is known of both. */
function UseDialog({ model, used, onStarted, onClose }: { model: Model; used: Model | undefined; onStarted: (job: string) => void; onClose: () => void }) {
  const submit = async () => {
    const path = model.was_in_use ? 'models/rollback' : `models/${encodeURIComponent(model.id)}/promote`
    onStarted((await request<Enqueued>(path, { method: 'POST' })).job)
    onClose()
  }
  return (
    <Dialog title={model.was_in_use ? 'Go back to the model before?' : 'Use this model?'} isOpen onClose={onClose}>
      <Form fields={[]} action={model.was_in_use ? 'Roll back' : 'Use this model'} submit={submit} onCancel={onClose}>
        {() => (
          <>
            <ul className="model-pair">
              {used ? <Known label="In use now" model={used} /> : null}
              <Known label={model.was_in_use ? 'In use before' : 'To be used'} model={model} />
            </ul>
            <p className="dim">The inventory is evaluated with it at once: suggestions, and tags that it sets by itself, become those of this model. Decisions of people stay.</p>
          </>
        )}
      </Form>
    </Dialog>
  )
}

function Known({ label, model }: { label: string; model: Model }) {
  return (
    <li>
      <p className="dim small">{label}</p>
      <p className="strong">{model.accuracy === null ? 'Not measured' : `${formatPercent(model.accuracy, 1)} accuracy`}</p>
      <p className="dim small">
        {plural(model.resources, 'resource')}, trained {formatDay(model.trained_at)}
      </p>
      <p className="dim small mono wrap-anywhere">{model.id}</p>
    </li>
  )
}
