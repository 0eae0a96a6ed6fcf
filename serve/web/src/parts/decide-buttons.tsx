import { useState } from 'react'
import { useReason } from '../app/session'
import { Button } from '../ui/button'
import { acceptSuggestion, type DecidedSuggestion, rejectSuggestion } from './decide'

/** Accepts or rejects a suggestion. `first` also answers to the key `a`. */
export function DecideButtons({ resourceKey, suggestion, first = false }: { resourceKey: string; suggestion: DecidedSuggestion; first?: boolean }) {
  const reason = useReason('decide_suggestions')
  const [busy, setBusy] = useState<'accept' | 'reject'>()
  const run = async (what: 'accept' | 'reject', action: () => Promise<void>) => {
    setBusy(what)
    await action()
    setBusy(undefined)
  }
  const about = <span className="hidden-visually"> {suggestion.key} {suggestion.value}</span>
  return (
    <div className="row">
      <Button
        small
        variant={first ? 'primary' : 'plain'}
        reason={reason}
        busy={busy === 'accept'}
        data-accept={first || undefined}
        onClick={() => void run('accept', () => acceptSuggestion(resourceKey, suggestion))}
      >
        Accept
        {about}
        {first ? <kbd aria-hidden="true">a</kbd> : null}
      </Button>
      <Button small variant="quiet" reason={reason} busy={busy === 'reject'} onClick={() => void run('reject', () => rejectSuggestion(resourceKey, suggestion))}>
        Reject
        {about}
      </Button>
    </div>
  )
}
