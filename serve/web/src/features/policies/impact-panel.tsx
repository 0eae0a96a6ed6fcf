import { useState } from 'react'
import { Problem } from '../../api/client'
import type { PolicyChange } from '../../api/types'
import { Button } from '../../ui/button'
import { sentence } from '../../ui/states'
import type { Drafts } from './drafts'
import { Effect, examine, Refusal } from './effect'

/** What the edits change in findings and money, before they are saved. */
export function ImpactPanel({ drafts }: { drafts: Drafts }) {
  const [compared, setCompared] = useState<{ drafts: Drafts; change: PolicyChange }>()
  const [problem, setProblem] = useState<string>()
  const [isBusy, setBusy] = useState(false)
  const compare = async () => {
    setBusy(true)
    setProblem(undefined)
    try {
      setCompared({ drafts, change: await examine(drafts) })
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      setProblem(sentence(error.body.detail))
    } finally {
      setBusy(false)
    }
  }
  const hasDrafts = Object.keys(drafts).length > 0
  return (
    <section className="card">
      <div className="card-head">
        <h2>Impact</h2>
        <Button small busy={isBusy} reason={hasDrafts ? undefined : 'Nothing is changed yet.'} onClick={() => void compare()}>
          Compare
        </Button>
      </div>
      <div className="card-body stack" role="status">
        {problem ? <p className="field-error wrap-anywhere">{problem}</p> : null}
        {compared && hasDrafts ? (
          <>
            {compared.drafts === drafts ? null : <p className="note">The text has changed since. Compare again.</p>}
            {compared.change.diagnostics.some((one) => one.level === 'error') ? <Refusal change={compared.change} /> : <Effect change={compared.change} />}
          </>
        ) : problem ? null : (
          <p className="dim">Compare the findings and costs of the changed policies with those of the saved ones.</p>
        )}
      </div>
    </section>
  )
}
