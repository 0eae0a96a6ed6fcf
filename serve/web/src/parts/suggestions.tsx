import type { ResourceDetail, Suggestion } from '../api/types'
import { formatConfidence, formatPercent } from '../lib/format'
import { Code, Meter } from '../ui/badge'
import { sentence } from '../ui/states'
import { DecideButtons } from './decide-buttons'
import './suggestions.css'

/** What the model suggests for a resource, with its reasons. The first one can be accepted with a key. */
export function Suggestions({ resource }: { resource: ResourceDetail }) {
  return resource.ml_suggestions.map((suggestion, at) => (
    <SuggestionBox key={`${suggestion.key}=${suggestion.value}`} resource={resource} suggestion={suggestion} first={at === 0} />
  ))
}

function SuggestionBox({ resource, suggestion, first }: { resource: ResourceDetail; suggestion: Suggestion; first: boolean }) {
  return (
    <section className="suggestion" aria-label={`Suggestion for ${suggestion.key}`}>
      <div className="row spread">
        <p className="wrap-anywhere">
          <span className="dim">{suggestion.key}</span> <strong>{suggestion.value}</strong>
        </p>
        <span className="suggestion-confidence" title="Confidence, from 0 to 1">
          {formatConfidence(suggestion.confidence)}
        </span>
      </div>
      <Meter share={suggestion.confidence} look="inferred" />
      {suggestion.reasons?.length ? (
        <ul className="suggestion-reasons dim small">
          {suggestion.reasons.map((reason) => (
            <li key={reason} className="wrap-anywhere">
              <Code text={sentence(reason)} />
            </li>
          ))}
        </ul>
      ) : null}
      {suggestion.alternatives?.length ? (
        <p className="dim small wrap-anywhere">Less likely: {suggestion.alternatives.map((one) => `${one.value} (${formatPercent(one.probability)})`).join(', ')}</p>
      ) : null}
      <DecideButtons resourceKey={resource.key} suggestion={suggestion} first={first} />
    </section>
  )
}
