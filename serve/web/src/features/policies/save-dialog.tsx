import { useQuery } from '@tanstack/react-query'
import { request } from '../../api/client'
import { queryClient } from '../../api/queries'
import type { PolicyChange } from '../../api/types'
import { formatCount, formatMoney, formatPercent, plural } from '../../lib/format'
import { Code, severityLabel } from '../../ui/badge'
import { Button } from '../../ui/button'
import { Dialog } from '../../ui/dialog'
import { Form, TextField } from '../../ui/form'
import { LoadingCards, QueryState } from '../../ui/states'
import { toast } from '../../ui/toast'
import type { Drafts } from './drafts'

interface SaveDialogProps {
  drafts: Drafts
  onClose: () => void
  onSaved: () => void
}

/** What saving the drafts would do to the inventory, by the server, and the button that does it. */
export function SaveDialog({ drafts, onClose, onSaved }: SaveDialogProps) {
  const files = Object.entries(drafts).map(([path, text]) => ({ path, text }))
  const change = useQuery({
    queryKey: ['change', files],
    queryFn: ({ signal }) => request<PolicyChange>('changes', { method: 'POST', body: { files }, signal }),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: false,
  })
  return (
    <Dialog title={`Save ${plural(files.length, 'file')}`} isOpen onClose={onClose} dismissable={false}>
      <QueryState query={change} loading={<LoadingCards heights={[120]} />}>
        {(data) => (data.can_be_applied ? <Apply change={data} onClose={onClose} onSaved={onSaved} /> : <Refused change={data} onClose={onClose} />)}
      </QueryState>
    </Dialog>
  )
}

function Refused({ change, onClose }: { change: PolicyChange; onClose: () => void }) {
  const errors = change.diagnostics.filter((one) => one.level === 'error')
  return (
    <div className="stack">
      <p>{errors.length > 0 ? 'The policies have errors, and cannot be saved:' : 'The policies of this project cannot be changed here.'}</p>
      <ul className="stack">
        {errors.slice(0, 10).map((one) => (
          <li key={`${one.file}:${one.line}:${one.message}`} className="wrap-anywhere">
            <Code text={one.message} />{' '}
            <span className="dim small mono">
              {one.file}:{one.line}
            </span>
          </li>
        ))}
      </ul>
      <div className="dialog-actions">
        <Button onClick={onClose}>Back to the editor</Button>
      </div>
    </div>
  )
}

function Apply({ change, onClose, onSaved }: { change: PolicyChange; onClose: () => void; onSaved: () => void }) {
  const submit = async (fields: FormData) => {
    const note = String(fields.get('note') ?? '').trim()
    await request(`changes/${encodeURIComponent(change.id)}/apply`, { method: 'POST', etag: `"${change.revision}"`, body: note ? { note } : {} })
    await Promise.all(['policy-files', 'policy-revisions', 'jobs'].map((name) => queryClient.invalidateQueries({ queryKey: [name] })))
    toast('The policies are saved. The inventory is evaluated with them.')
    onSaved()
  }
  return (
    <Form fields={['note']} action="Save" submit={submit} onCancel={onClose}>
      {(problem) => (
        <>
          <Effect change={change} />
          <TextField name="note" label="Reason (optional)" required={false} maxLength={1_000} problem={problem} help="It is in the audit trail" />
        </>
      )}
    </Form>
  )
}

function Effect({ change: { impact } }: { change: PolicyChange }) {
  if (!impact) return <p className="dim">There is no inventory to compare with.</p>
  const { findings_entered: entered, findings_left: left, cost_entered, cost_left } = impact
  return (
    <div className="stack">
      <dl className="impact">
        <dt>New findings</dt>
        <dd>
          {formatCount(entered)} <span className="dim small">{formatMoney(cost_entered, null)}</span>
        </dd>
        <dt>Findings that end</dt>
        <dd>
          {formatCount(left)} <span className="dim small">{formatMoney(cost_left, null)}</span>
        </dd>
        <dt>Score</dt>
        <dd>
          {formatPercent(impact.score_before, 1)} → {formatPercent(impact.score_after, 1)}
        </dd>
      </dl>
      <ul className="stack">
        {impact.checks.slice(0, 12).map((one) => (
          <li key={`${one.policy}/${one.check}`} className="row spread">
            <span className="wrap-anywhere">
              {one.policy}/{one.check} <span className="dim small">{severityLabel(one.severity)}</span>
            </span>
            <span className="nowrap">
              +{formatCount(one.entered)} −{formatCount(one.left)}
            </span>
          </li>
        ))}
        {impact.tags.slice(0, 12).map((one) => (
          <li key={one.key} className="row spread">
            <span className="wrap-anywhere">
              <code>{one.key}</code>{' '}
              <span className="dim small">
                {one.moves[0] ? `${one.moves[0].from ?? 'missing'} → ${one.moves[0].to ?? 'missing'}` : ''}
                {one.moves.length > 1 ? ' and others' : ''}
              </span>
            </span>
            <span className="nowrap">{plural(one.resources, 'resource')}</span>
          </li>
        ))}
      </ul>
    </div>
  )
}
