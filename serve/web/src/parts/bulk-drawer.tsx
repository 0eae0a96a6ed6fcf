import { useQuery } from '@tanstack/react-query'
import { type FormEvent, Fragment, useEffect, useState } from 'react'
import { Problem, request } from '../api/client'
import { queries, queryClient, refreshAfterDecision } from '../api/queries'
import type { Bulk, Selection, TagChange } from '../api/types'
import { formatCount, formatMoney, formatPercent, plural } from '../lib/format'
import { Meter, severityLabel } from '../ui/badge'
import { Button } from '../ui/button'
import { Drawer } from '../ui/dialog'
import { plainOptions, SelectField } from '../ui/select'
import { sentence } from '../ui/states'
import './bulk.css'

interface BulkProps {
  selection: Selection
  /** How many resources are selected. */
  count: number
  /** What is changed, where the page knows it already. */
  change?: TagChange
  onClose: (isDone: boolean) => void
}

/** Changes a tag of many resources: what, then a preview, then progress, with a way back. */
export function BulkDrawer({ selection, count, change, onClose }: BulkProps) {
  const [preview, setPreview] = useState<Bulk>()
  const isDone = preview !== undefined && preview.state !== 'previewed'
  return (
    <Drawer title={`Change a tag of ${plural(count, 'resource')}`} isOpen onClose={() => onClose(isDone)} dismissable={false}>
      {preview === undefined ? (
        <ChangeForm selection={selection} change={change} onPreview={setPreview} onCancel={() => onClose(false)} />
      ) : preview.state === 'previewed' ? (
        <Preview preview={preview} onBack={() => setPreview(undefined)} onApplied={setPreview} />
      ) : (
        <Progress preview={preview} onClose={() => onClose(true)} />
      )}
    </Drawer>
  )
}

const ACTIONS: { value: TagChange['action']; label: string; help: string }[] = [
  { value: 'set', label: 'Set a value', help: 'Every resource gets the same value.' },
  { value: 'confirm', label: 'Confirm values', help: 'Each resource keeps the value that it has, as a decision. What is missing stays missing.' },
  { value: 'unset', label: 'Remove decisions', help: 'The policies and the native tags apply again.' },
]

function ChangeForm({ selection, change, onPreview, onCancel }: { selection: Selection; change: TagChange | undefined; onPreview: (preview: Bulk) => void; onCancel: () => void }) {
  const { data: schema } = useQuery(queries.schema())
  const [action, setAction] = useState<TagChange['action']>(change?.action ?? 'set')
  const [tag, setTag] = useState(change?.key ?? '')
  const [value, setValue] = useState(change?.value ?? '')
  const [note, setNote] = useState('')
  const [problem, setProblem] = useState<Problem>()
  const [isBusy, setBusy] = useState(false)
  const definition = schema?.items.find((one) => one.key === tag)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setProblem(undefined)
    try {
      const changes: TagChange[] = [{ action, key: tag, ...(action === 'set' ? { value: value.trim() } : {}) }]
      onPreview(await request<Bulk>('bulk', { method: 'POST', body: { ...selection, changes, ...(note.trim() ? { note: note.trim() } : {}) } }))
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      setProblem(error)
    } finally {
      setBusy(false)
    }
  }
  const isValueWrong = problem?.body.pointer?.endsWith('/value') ?? false
  const meant = problem?.body.did_you_mean
  return (
    <form className="stack bulk-form" onSubmit={(event) => void submit(event)}>
      <fieldset className="choices">
        <legend className="field-label">What to do</legend>
        {ACTIONS.map((one) => (
          <label key={one.value} className="choice">
            <input type="radio" name="action" value={one.value} checked={action === one.value} onChange={() => setAction(one.value)} />
            <span>
              <strong>{one.label}</strong>
              <span className="dim small"> {one.help}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <SelectField label="Tag" required value={tag} options={[['', 'Choose a tag'], ...plainOptions(schema?.items.map((one) => one.key) ?? [])]} onChange={setTag} help={definition?.description} />
      {action !== 'set' ? null : definition?.allowed_values ? (
        <SelectField label="Value" required value={value} options={[['', 'Choose a value'], ...plainOptions(definition.allowed_values)]} onChange={setValue} />
      ) : (
        <div className="field">
          <label htmlFor="bulk-value">Value</label>
          <input id="bulk-value" className="input" required value={value} autoComplete="off" spellCheck={false} aria-invalid={isValueWrong || undefined} onChange={(event) => setValue(event.target.value)} />
        </div>
      )}
      <div className="field">
        <label htmlFor="bulk-note">Reason (optional)</label>
        <input id="bulk-note" className="input" value={note} autoComplete="off" onChange={(event) => setNote(event.target.value)} />
      </div>
      <div role="alert">
        {problem ? (
          <p className="field-error">
            {sentence(problem.body.detail)}{' '}
            {meant ? (
              <Button small variant="quiet" onClick={() => setValue(meant)}>
                Use {meant}
              </Button>
            ) : null}
          </p>
        ) : null}
      </div>
      <div className="dialog-actions">
        <Button onClick={onCancel}>Cancel</Button>
        <Button type="submit" variant="primary" busy={isBusy}>
          {isBusy ? 'Computing the preview…' : 'Preview'}
        </Button>
      </div>
    </form>
  )
}

/** What the change does to the findings of the selected resources, and what those with findings cost. */
function Effect({ effect, currency }: { effect: NonNullable<Bulk['effect']>; currency: string | null | undefined }) {
  const { findings, violating_before, violating_after, violating_cost_before, violating_cost_after } = effect
  const changed = findings.filter((one) => one.before !== one.after)
  return (
    <dl className="bulk-effect">
      <dt>Resources with open findings</dt>
      <dd>
        {formatCount(violating_before)} → <strong>{formatCount(violating_after)}</strong>
      </dd>
      {violating_before + violating_after > 0 ? (
        <>
          <dt>What these cost a month</dt>
          <dd>
            {formatMoney(violating_cost_before, null)} → <strong>{formatMoney(violating_cost_after, currency)}</strong>
          </dd>
        </>
      ) : null}
      {changed.map((one) => (
        <Fragment key={one.severity}>
          <dt>{severityLabel(one.severity)} findings</dt>
          <dd>
            {formatCount(one.before)} → <strong>{formatCount(one.after)}</strong>
          </dd>
        </Fragment>
      ))}
    </dl>
  )
}

function Preview({ preview, onBack, onApplied }: { preview: Bulk; onBack: () => void; onApplied: (preview: Bulk) => void }) {
  const { data: all } = useQuery(queries.compliance())
  const [problem, setProblem] = useState<Problem>()
  const [isBusy, setBusy] = useState(false)
  const apply = async () => {
    setBusy(true)
    try {
      onApplied(await request<Bulk>(`bulk/${encodeURIComponent(preview.id)}/apply`, { method: 'POST' }))
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      setProblem(error)
      setBusy(false)
    }
  }
  return (
    <div className="stack bulk-form">
      <dl className="bulk-figures">
        <Figure label="Will change" value={formatCount(preview.changed)} />
        <Figure label="Stay as they are" value={formatCount(preview.unchanged)} />
      </dl>
      {preview.cost ? (
        <p className="dim">
          The selected resources cost <strong>{formatMoney(preview.cost, all?.currency)}</strong> a month.
        </p>
      ) : null}
      {preview.effect ? <Effect effect={preview.effect} currency={all?.currency} /> : null}
      {preview.values.length > 0 ? (
        <div className="card table-scroll" tabIndex={0} role="region" aria-label="Old and new values">
          <table className="table">
            <thead>
              <tr>
                <th scope="col">Old value</th>
                <th scope="col">New value</th>
                <th scope="col" className="right">
                  Resources
                </th>
              </tr>
            </thead>
            <tbody>
              {preview.values.map((value) => (
                <tr key={JSON.stringify([value.key, value.old, value.new])}>
                  <td className="wrap-anywhere">{value.old ?? <span className="missing">missing</span>}</td>
                  <td className="wrap-anywhere strong">{value.new ?? <span className="dim">as the policies say</span>}</td>
                  <td className="right">{formatCount(value.resources)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
      <div role="alert">
        {problem ? (
          <p className="field-error">
            {sentence(problem.body.detail)} {problem.status === 409 ? 'Go back and compute the preview again.' : ''}
          </p>
        ) : null}
      </div>
      <div className="dialog-actions">
        <Button onClick={onBack}>Back</Button>
        <Button variant="primary" busy={isBusy} reason={preview.changed === 0 && 'Nothing would change'} onClick={() => void apply()}>
          Apply to {plural(preview.changed, 'resource')}
        </Button>
      </div>
    </div>
  )
}

function Figure({ label, value }: { label: string; value: string }) {
  return (
    <div>
      <dt className="figure-label">{label}</dt>
      <dd className="bulk-value">{value}</dd>
    </div>
  )
}

function Progress({ preview, onClose }: { preview: Bulk; onClose: () => void }) {
  const [problem, setProblem] = useState<Problem>()
  const { data = preview } = useQuery({
    ...queries.bulk(preview.id),
    initialData: preview,
    refetchInterval: (query) => (query.state.data?.state === 'running' || query.state.data?.state === 'undoing' ? 500 : false),
  })
  const isRunning = data.state === 'running' || data.state === 'undoing'
  useEffect(() => {
    if (!isRunning) void refreshAfterDecision()
  }, [isRunning])
  const undo = async () => {
    try {
      const next = await request<Bulk>(`bulk/${encodeURIComponent(data.id)}/undo`, { method: 'POST' })
      queryClient.setQueryData(queries.bulk(data.id).queryKey, next)
      await queryClient.invalidateQueries({ queryKey: queries.bulk(data.id).queryKey })
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      setProblem(error)
    }
  }
  const share = data.changed === 0 ? 1 : data.done / data.changed
  const titles: Record<Bulk['state'], string> = {
    previewed: '',
    running: 'Applying',
    undoing: 'Undoing',
    done: `${plural(data.changed, 'resource')} changed.`,
    undone: 'Undone. Every resource has the value it had before.',
  }
  return (
    <div className="stack bulk-form">
      <p role="status" className="strong">
        {titles[data.state]}
      </p>
      {isRunning ? (
        <>
          <div role="progressbar" aria-label={titles[data.state]} aria-valuemin={0} aria-valuemax={data.changed} aria-valuenow={data.done}>
            <Meter share={share} />
          </div>
          <p className="dim">
            {formatCount(data.done)} of {formatCount(data.changed)} · {formatPercent(share)}
          </p>
          <p className="dim small">You can close this. It continues as a job.</p>
        </>
      ) : null}
      <div role="alert">{problem ? <p className="field-error">{sentence(problem.body.detail)}</p> : null}</div>
      <div className="dialog-actions">
        {data.state === 'done' ? <Button onClick={() => void undo()}>Undo</Button> : null}
        <Button variant="primary" onClick={onClose}>
          Close
        </Button>
      </div>
    </div>
  )
}
