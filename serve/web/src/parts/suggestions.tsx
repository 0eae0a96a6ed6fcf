import type { ResourceDetail, Suggestion } from '../api/types'
import { useReason } from '../app/session'
import { formatConfidence } from '../lib/format'
import { Code, Meter } from '../ui/badge'
import { Menu } from '../ui/menu'
import { sentence } from '../ui/states'
import { acceptSuggestion } from './decide'
import { DecideButtons } from './decide-buttons'
import './suggestions.css'

/** What the model suggests for a resource, with reasons and alternatives. The first one can be accepted with a key. */
export function Suggestions({ resource }: { resource: ResourceDetail }) {
  return resource.ml_suggestions.map((suggestion, at) => (
    <SuggestionBox key={`${suggestion.key}=${suggestion.value}`} resource={resource} suggestion={suggestion} first={at === 0} />
  ))
}

function SuggestionBox({ resource, suggestion, first }: { resource: ResourceDetail; suggestion: Suggestion; first: boolean }) {
  const reason = useReason('decide_suggestions')
  const alternatives = suggestion.alternatives ?? []
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
      {suggestion.reasoning ? (
        <p className="dim small">
          <Code text={sentence(suggestion.reasoning)} />
        </p>
      ) : null}
      <div className="row row-wrap">
        <DecideButtons resourceKey={resource.key} suggestion={suggestion} first={first} />
        {alternatives.length > 0 && !reason ? (
          <Menu
            label={`Other values for ${suggestion.key}`}
            variant="quiet"
            small
            entries={alternatives.map((other) => ({
              id: other.value,
              text: other.value,
              label: `${other.value} · ${formatConfidence(other.confidence)}`,
              onAction: () => void acceptSuggestion(resource.key, suggestion, other.value),
            }))}
          >
            {alternatives.length} more<span className="hidden-visually"> values for {suggestion.key}</span>
          </Menu>
        ) : null}
      </div>
    </section>
  )
}
