import { useState } from 'react'
import type { LanguageClient } from '../../editor/language-client'
import { formatCount, formatMoney, formatPercent } from '../../lib/format'
import { severityLabel } from '../../ui/badge'
import { Button } from '../../ui/button'
import type { Drafts } from './drafts'
import { type CheckImpact, type Evaluation, impactOf } from './impact'

interface ImpactPanelProps {
  client: LanguageClient
  drafts: Drafts
  saved: ReadonlyMap<string, string>
}

interface Impact {
  before: Evaluation
  after: Evaluation
  checks: CheckImpact[]
}

/** What the edits change in findings and money, before they are saved: two evaluations of the inventory. */
export function ImpactPanel({ client, drafts, saved }: ImpactPanelProps) {
  const [impact, setImpact] = useState<Impact>()
  const [problem, setProblem] = useState<string>()
  const [isBusy, setBusy] = useState(false)
  const evaluate = () => client.request<Evaluation>('tagpol/evaluate', {})
  const compare = async () => {
    setBusy(true)
    setProblem(undefined)
    const entries = Object.entries(drafts)
    try {
      for (const [path] of entries) {
        const text = saved.get(path)
        if (text === undefined) client.close(path)
        else client.update(path, text)
      }
      const before = await evaluate()
      for (const [path, text] of entries) client.update(path, text)
      const after = await evaluate()
      setImpact({ before, after, checks: impactOf(before, after) })
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
    } finally {
      for (const [path, text] of entries) client.update(path, text)
      void client.request('tagpol/clearFindings', {}).catch(() => {})
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
        {impact ? <Result impact={impact} /> : problem ? null : <p className="dim">Compare the findings and costs of the changed policies with those of the saved ones.</p>}
      </div>
    </section>
  )
}

function signed(value: number): string {
  return `${value > 0 ? '+' : value < 0 ? '−' : '±'}${formatCount(Math.abs(value))}`
}

function Result({ impact: { before, after, checks } }: { impact: Impact }) {
  const open = (one: Evaluation) => one.checks.reduce((sum, check) => sum + check.open, 0)
  const money = (one: Evaluation) => (one.costInViolation === null ? null : one.costInViolation.toFixed(2))
  const score = (one: Evaluation) => (one.score === null ? '–' : formatPercent(one.score > 1 ? one.score / 100 : one.score, 1))
  return (
    <>
      <dl className="impact">
        <dt>Open findings</dt>
        <dd>
          {formatCount(open(before))} → {formatCount(open(after))} <strong>({signed(open(after) - open(before))})</strong>
        </dd>
        <dt>Spend in violation</dt>
        <dd>
          {formatMoney(money(before), null)} → {formatMoney(money(after), after.currency)}
        </dd>
        <dt>Score</dt>
        <dd>
          {score(before)} → {score(after)}
        </dd>
      </dl>
      {checks.length === 0 ? (
        <p className="dim">No finding appears and none disappears.</p>
      ) : (
        <ul className="stack">
          {checks.slice(0, 30).map((one) => (
            <li key={`${one.policy}/${one.check}`} className="row spread">
              <span className="wrap-anywhere">
                {one.policy}/{one.check} <span className="dim small">{severityLabel(one.severity)}</span>
              </span>
              <span className="right nowrap">
                {one.before === undefined ? 'new: ' : one.after === undefined ? 'gone: ' : ''}
                {signed((one.after ?? 0) - (one.before ?? 0))}
                {one.cost === null ? '' : <span className="dim small"> {formatMoney(one.cost.toFixed(2), after.currency)}</span>}
              </span>
            </li>
          ))}
        </ul>
      )}
    </>
  )
}
