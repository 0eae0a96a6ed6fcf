import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Problem, request } from '../api/client'
import { refreshAfterDecision } from '../api/queries'
import type { ListedSuggestion } from '../api/types'
import { formatConfidence, formatCount, plural } from '../lib/format'
import { Button } from '../ui/button'
import { Drawer } from '../ui/dialog'
import { ErrorState, LoadingCards, sentence, State } from '../ui/states'
import { toast } from '../ui/toast'
import './bulk.css'

/** The most suggestions of a review, which are also accepted in one request. */
const MOST = 500

/** The suggestions for one tag among the resources of a condition. The server lists all tags, so that pages are read on. */
async function load(tag: string, where: string, signal: AbortSignal): Promise<ListedSuggestion[]> {
  const found: ListedSuggestion[] = []
  let cursor: string | null = ''
  for (let page = 0; page < 10 && cursor !== null && found.length < MOST; page++) {
    const answer: { items: ListedSuggestion[]; next: string | null } = await request('suggestions', { params: { where, limit: 500, cursor }, signal })
    found.push(...answer.items.filter((one) => one.key === tag))
    cursor = answer.next
  }
  return found.slice(0, MOST)
}

/** Reviews what is suggested for a tag: everything is selected, and what looks wrong is unselected before it is applied. */
export function ReviewDrawer({ tag, where, onClose }: { tag: string; where: string; onClose: () => void }) {
  const query = useQuery({ queryKey: ['suggestions', 'review', tag, where], queryFn: ({ signal }) => load(tag, where, signal), staleTime: Number.POSITIVE_INFINITY })
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set())
  const [problem, setProblem] = useState<Problem>()
  const [isBusy, setBusy] = useState(false)
  const chosen = (query.data ?? []).filter((one) => !left.has(one.id))
  const accept = async () => {
    setBusy(true)
    setProblem(undefined)
    try {
      await request('virtual-tags/apply', { method: 'POST', body: { resources: chosen.map((one) => one.resource_key), changes: [{ action: 'confirm', key: tag }] } })
      onClose()
      await refreshAfterDecision()
      toast(`${plural(chosen.length, 'resource')} changed. Findings are evaluated again.`)
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      setProblem(error)
      setBusy(false)
    }
  }
  const toggle = (id: string) => {
    const next = new Set(left)
    if (!next.delete(id)) next.add(id)
    setLeft(next)
  }
  const foot = (
    <>
      <span className="grow dim small">{query.data ? `${formatCount(chosen.length)} of ${formatCount(query.data.length)} selected` : ''}</span>
      <Button onClick={onClose}>Cancel</Button>
      <Button variant="primary" busy={isBusy} reason={chosen.length === 0 && 'Nothing is selected'} onClick={() => void accept()}>
        Accept {formatCount(chosen.length)}
      </Button>
    </>
  )
  return (
    <Drawer title={`Suggestions for ${tag}`} isOpen onClose={onClose} dismissable={false} foot={foot}>
      <div role="alert">{problem ? <p className="field-error">{sentence(problem.body.detail)}</p> : null}</div>
      {query.data ? (
        query.data.length === 0 ? (
          <State title="No suggestions for these resources">
            <p>The model is not sure enough. Select the resources in the list, and set the tag by hand.</p>
          </State>
        ) : (
          <ul className="review">
            {query.data.map((one) => (
              <li key={one.id}>
                <label className="review-row">
                  <input type="checkbox" className="check" checked={!left.has(one.id)} onChange={() => toggle(one.id)} />
                  <span className="grow">
                    <span className="truncate review-name" title={one.resource_id}>
                      {one.resource_name ?? one.resource_id}
                    </span>
                    <span className="small wrap-anywhere">
                      <span className={one.current === null ? 'missing' : 'dim'}>{one.current ?? 'missing'}</span> → {one.value}
                    </span>
                  </span>
                  <span className="dim small">{formatConfidence(one.confidence)}</span>
                </label>
              </li>
            ))}
          </ul>
        )
      ) : query.error ? (
        <ErrorState error={query.error} retry={() => void query.refetch()} />
      ) : (
        <LoadingCards heights={[52, 52, 52, 52]} />
      )}
    </Drawer>
  )
}
