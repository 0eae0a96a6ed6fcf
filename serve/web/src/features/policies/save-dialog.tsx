import { useQuery } from '@tanstack/react-query'
import { request } from '../../api/client'
import { queryClient } from '../../api/queries'
import type { PolicyChange } from '../../api/types'
import { plural } from '../../lib/format'
import { Button } from '../../ui/button'
import { Dialog } from '../../ui/dialog'
import { Form, TextField } from '../../ui/form'
import { LoadingCards, QueryState } from '../../ui/states'
import { toast } from '../../ui/toast'
import type { Drafts } from './drafts'
import { Effect, examine, Refusal } from './effect'

interface SaveDialogProps {
  drafts: Drafts
  onClose: () => void
  onSaved: () => void
}

/** What saving the drafts would do to the inventory, by the server, and the button that does it. */
export function SaveDialog({ drafts, onClose, onSaved }: SaveDialogProps) {
  const change = useQuery({
    queryKey: ['change', drafts],
    queryFn: ({ signal }) => examine(drafts, signal),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: false,
  })
  return (
    <Dialog title={`Save ${plural(Object.keys(drafts).length, 'file')}`} isOpen onClose={onClose} dismissable={false}>
      <QueryState query={change} loading={<LoadingCards heights={[120]} />}>
        {(data) => (data.can_be_applied ? <Apply change={data} onClose={onClose} onSaved={onSaved} /> : <Refused change={data} onClose={onClose} />)}
      </QueryState>
    </Dialog>
  )
}

function Refused({ change, onClose }: { change: PolicyChange; onClose: () => void }) {
  return (
    <div className="stack">
      <Refusal change={change} />
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
