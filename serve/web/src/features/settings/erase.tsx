import { useState } from 'react'
import { Problem, request } from '../../api/client'
import { queryClient } from '../../api/queries'
import type { Erasure, User } from '../../api/types'
import { plural } from '../../lib/format'
import { Button } from '../../ui/button'
import { Dialog } from '../../ui/dialog'
import { sentence } from '../../ui/states'

/** Erases what is stored about a person, and shows what was removed and what the server cannot change. */
export function EraseDialog({ user, onClose }: { user: User; onClose: () => void }) {
  const [done, setDone] = useState<Erasure>()
  const [problem, setProblem] = useState<Problem>()
  const [isBusy, setBusy] = useState(false)
  const erase = async () => {
    setBusy(true)
    setProblem(undefined)
    try {
      setDone(await request<Erasure>(`privacy/subjects/${encodeURIComponent(user.id)}`, { method: 'DELETE' }))
      await queryClient.invalidateQueries()
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      setProblem(error)
    } finally {
      setBusy(false)
    }
  }
  if (done) {
    const removed = [plural(done.sessions, 'session'), plural(done.tokens, 'token'), plural(done.identities, 'account at identity providers', 'accounts at identity providers'), plural(done.conversations, 'conversation'), `${plural(done.values, 'value')} of tags`]
    return (
      <Dialog title="The person is erased" isOpen onClose={onClose} dismissable={false}>
        <div className="stack">
          <p>
            Everything shows <strong>{done.pseudonym}</strong> from now on. Removed: {removed.join(', ')}.
          </p>
          {done.audit_entries > 0 ? <p>{plural(done.audit_entries, 'entry', 'entries')} of the activity contain the address as a value. They stay, since the trail could not be verified without them.</p> : null}
          {done.remains.length > 0 ? (
            <>
              <p>This server cannot change:</p>
              <ul className="stack">
                {done.remains.map((one) => (
                  <li key={one} className="wrap-anywhere">
                    {sentence(one)}
                  </li>
                ))}
              </ul>
            </>
          ) : null}
          <div className="dialog-actions">
            <Button variant="primary" onClick={onClose}>
              Done
            </Button>
          </div>
        </div>
      </Dialog>
    )
  }
  return (
    <Dialog title={`Erase ${user.name}?`} isOpen onClose={onClose} dismissable={false}>
      <div className="stack">
        <p>The account, its sessions and its tokens are removed, and a pseudonym takes the place of the name everywhere. Values of tags that are the address are taken back. This cannot be undone.</p>
        <div role="alert">{problem ? <p className="field-error">{sentence(problem.body.detail)}</p> : null}</div>
        <div className="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="danger" busy={isBusy} onClick={() => void erase()}>
            Erase
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
