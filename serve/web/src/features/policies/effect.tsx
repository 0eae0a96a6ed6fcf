import { request } from '../../api/client'
import type { PolicyChange } from '../../api/types'
import { formatCount, formatMoney, formatPercent, plural } from '../../lib/format'
import { Code, severityLabel } from '../../ui/badge'
import { capitalized } from '../../ui/states'
import type { Drafts } from './drafts'

/** Lets the server evaluate the inventory with the drafts. Nothing is saved. */
export function examine(drafts: Drafts, signal?: AbortSignal): Promise<PolicyChange> {
  const files = Object.entries(drafts).map(([path, { text }]) => ({ path, text }))
  return request<PolicyChange>('changes', { method: 'POST', body: { files }, ...(signal ? { signal } : {}) })
}

/** What a change of policies does to the inventory: findings, money, score, and values of tags. */
export function Effect({ change: { impact } }: { change: PolicyChange }) {
  if (!impact) return <p className="dim">There is no inventory to compare with.</p>
  const { findings_entered: entered, findings_left: left, cost_entered, cost_left, checks, tags } = impact
  return (
    <div className="stack">
      <dl className="impact">
        <dt>New findings</dt>
        <dd>
          {formatCount(entered)} <Cost of={entered} amount={cost_entered} />
        </dd>
        <dt>Findings that end</dt>
        <dd>
          {formatCount(left)} <Cost of={left} amount={cost_left} />
        </dd>
        <dt>Score</dt>
        <dd>
          {formatPercent(impact.score_before, 1)} → {formatPercent(impact.score_after, 1)}
        </dd>
      </dl>
      {checks.length === 0 && tags.length === 0 ? <p className="dim">No finding and no tag changes.</p> : null}
      <ul className="stack">
        {checks.slice(0, 12).map((one) => (
          <li key={`${one.policy}/${one.check}`} className="row spread">
            <span className="wrap-anywhere">
              {one.policy}/{one.check} <span className="dim small">{severityLabel(one.severity)}</span>
            </span>
            <span className="nowrap">
              +{formatCount(one.entered)} −{formatCount(one.left)}
            </span>
          </li>
        ))}
        {tags.slice(0, 12).map((one) => (
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
      {checks.length + tags.length > 24 ? <p className="dim small">These are the first of {formatCount(checks.length + tags.length)} lines.</p> : null}
    </div>
  )
}

/** What the resources of some findings cost; nothing for none. */
function Cost({ of: findings, amount }: { of: number; amount: string | null }) {
  return findings === 0 ? null : <span className="dim small">{formatMoney(amount, null)}</span>
}

/** Why a change cannot be applied. */
export function Refusal({ change }: { change: PolicyChange }) {
  const errors = change.diagnostics.filter((one) => one.level === 'error')
  return (
    <>
      <p>{errors.length > 0 ? 'The policies have errors, and cannot be saved:' : 'The policies of this project cannot be changed here.'}</p>
      <ul className="stack">
        {errors.slice(0, 10).map((one) => (
          <li key={`${one.file}:${one.line}:${one.message}`} className="wrap-anywhere">
            <Code text={capitalized(one.message)} />{' '}
            <span className="dim small mono">
              {one.file}:{one.line}
            </span>
          </li>
        ))}
      </ul>
    </>
  )
}
