import type { Part } from '../../lib/answer'
import { formatCount } from '../../lib/format'

/** A sentence of typed parts. Names, values and commands stand apart from words, and no value changes the direction of the text. */
export function Sentence({ parts }: { parts: readonly Part[] }) {
  return parts.map((part, at) => <One key={at} part={part} />)
}

function One({ part }: { part: Part }) {
  if ('words' in part) return part.words
  if ('count' in part) return formatCount(part.count)
  if ('share' in part) return part.share
  if ('score' in part) return part.score
  if ('month' in part) return part.month
  if ('money' in part) return [part.money.amount, part.money.currency].filter(Boolean).join(' ')
  if ('name' in part) return <code>{part.name}</code>
  if ('value' in part) {
    return (
      <bdi>
        <code className="wrap-anywhere">{part.value}</code>
      </bdi>
    )
  }
  return <code className="wrap-anywhere">{part.command}</code>
}
