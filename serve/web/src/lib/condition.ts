/**
 * The filter bar takes words or a condition of the language. Whether it is one or the other is seen by its operators,
 * and the server decides whether it is right.
 */
import type { TagDefinition } from '../api/types'

const PROVIDERS = ['aws', 'azure', 'gcp']

/** The tags of the policies. undefined: not loaded yet. */
export type Tags = readonly TagDefinition[] | undefined

const OPERATORS = /(==|!=|<=|>=|<|>|\b(is|in|not in|contains|starts with|ends with|matches|like|has word|within)\b)/

/** Whether a text is meant as a condition: `owner is missing`, `resource.monthly-cost > 500 USD`. */
export function isCondition(text: string): boolean {
  const trimmed = text.trim()
  if (/^\(/.test(trimmed) || /^not\s/.test(trimmed)) return true
  return /^[\w.-]+(\["[^"]*"\])?\s/.test(trimmed) && OPERATORS.test(trimmed.replace(/"[^"]*"/g, '""'))
}

/** A text of the language. */
export function quoted(value: string): string {
  return `"${value.replace(/[\\"{]/g, (found) => `\\${found}`).replace(/\n/g, '\\n')}"`
}

/** A value as the language writes it: members of enumerations are plain names. */
function literal(value: string, values: readonly string[] | null): string {
  return values?.includes(value) && /^[a-z][\w-]*$/i.test(value) ? value : quoted(value)
}

/** An expression that the whole text `value` matches. */
function pattern(value: string): string {
  return `/${value.replace(/[\\^$.|?*+()[\]{}/]/g, (found) => `\\${found}`).replace(/\n/g, '\\n')}/`
}

/**
 * The condition that a tag or an attribute has a value, or is missing (null). A tag can have a value that its type does
 * not allow, which `==` refuses to compare: an expression finds it all the same.
 */
export function equals(subject: string, value: string | null, tags: Tags): string {
  if (value === null) return `${subject} is missing`
  if (subject === 'resource.provider') return `${subject} == ${literal(value, PROVIDERS)}`
  const tag = tags?.find((one) => one.key === subject)
  if (tag?.allowed_values?.includes(value)) return `${subject} == ${literal(value, tag.allowed_values)}`
  const isText = !tag || (!tag.allowed_values && /^(text|an email)/.test(tag.type))
  return isText ? `${subject} == ${quoted(value)}` : `${subject} matches ${pattern(value)}`
}

/** Joins conditions, each in parentheses if it has an `or`. */
export function all(conditions: readonly (string | undefined)[]): string | undefined {
  const present = conditions.filter((one): one is string => Boolean(one?.trim()))
  if (present.length <= 1) return present[0]
  return present.map((one) => (/\bor\b/.test(one) ? `(${one})` : one)).join(' and ')
}

export function any(conditions: readonly string[]): string | undefined {
  return conditions.length === 0 ? undefined : conditions.join(' or ')
}

/** Selected values by facet: `provider`, `type`, … and `tag:<name>`; null is a missing value. */
export type Facets = Record<string, (string | null)[]>

/** Facets that are parameters of their own, and not part of the condition. */
const PARAMETERS = new Set(['compliance', 'severity', 'policy'])

/** The values that a tag may have; null if they are not listed. */
export function valuesOfTag(tag: string | undefined, tags: Tags): string[] | null {
  return tags?.find((one) => one.key === tag)?.allowed_values ?? null
}

/** The condition that selected facets mean. */
export function conditionOfFacets(facets: Facets, tags: Tags): string | undefined {
  const parts = Object.entries(facets).map(([name, selected]) => {
    if (PARAMETERS.has(name) || selected.length === 0) return undefined
    const subject = name.startsWith('tag:') ? name.slice('tag:'.length) : `resource.${name}`
    return any(selected.map((value) => equals(subject, value, tags)))
  })
  return all(parts)
}

interface Completion {
  /** What is inserted. */
  text: string
  /** What it is: a tag, an attribute, an operator, a value. */
  detail: string
}

export interface Completions {
  /** The part of the text that is replaced. */
  from: number
  items: Completion[]
}

const ATTRIBUTES: Completion[] = [
  { text: 'resource.monthly-cost', detail: 'money' },
  { text: 'resource.provider', detail: 'aws, azure, gcp' },
  { text: 'resource.type', detail: 'text' },
  { text: 'resource.name', detail: 'text' },
  { text: 'resource.account', detail: 'text' },
  { text: 'resource.region', detail: 'text' },
  { text: 'resource.id', detail: 'text' },
  { text: 'resource.created', detail: 'time' },
  { text: 'resource.age', detail: 'duration' },
]

const TEXT_OPERATORS = ['==', '!=', 'is missing', 'is set', 'in [', 'contains', 'starts with', 'ends with', 'matches /']
const ORDER_OPERATORS = ['>', '>=', '<', '<=', '==', 'is missing']
const VALUE_OPERATORS = ['==', '!=', 'is missing', 'is set', 'in [']

/** What can stand at the end of `text`, which is where the cursor is. */
export function complete(text: string, tags: Tags): Completions {
  const word = /[\w.-]*$/.exec(text)?.[0] ?? ''
  const from = text.length - word.length
  const before = text.slice(0, from).trimEnd()
  const matching = (items: Completion[]): Completions => {
    const low = word.toLowerCase()
    const starts = items.filter((item) => item.text.toLowerCase().startsWith(low))
    const contains = items.filter((item) => !starts.includes(item) && item.text.toLowerCase().includes(low))
    return { from, items: [...starts, ...contains].filter((item) => item.text !== word).slice(0, 12) }
  }
  const subjects: Completion[] = [
    ...(tags ?? []).map((tag) => ({ text: tag.key, detail: tag.type })),
    ...ATTRIBUTES,
  ]
  if (before === '' || /(\(|\b(and|or|not))$/.test(before)) return matching(subjects)
  const comparison = /([\w.-]+)\s*(==|!=|(?:not )?in \[(?:[^\]]*,)?)$/.exec(before)
  if (comparison) return matching(valuesOf(comparison[1] ?? '', tags))
  const subject = /(?:^|[\s(])([\w.-]+)$/.exec(before)?.[1]
  const isSubject = subject !== undefined && subjects.some((item) => item.text === subject)
  const isBehindOperator = /(==|!=|<=?|>=?|\bin \[|\b(is|with|contains|matches|like|word))\s*[\w.-]*$/.test(before)
  if (isSubject && !isBehindOperator) {
    const operators = subject === 'resource.monthly-cost' || subject === 'resource.age' || subject === 'resource.created'
      ? ORDER_OPERATORS
      : valuesOf(subject, tags).length > 0
        ? VALUE_OPERATORS
        : TEXT_OPERATORS
    return matching(operators.map((operator) => ({ text: operator, detail: 'operator' })))
  }
  if (/(\bmissing|\bset|\d+ \w+|["\])]|[\w-]+)$/.test(before) && !/\b(is|with|contains|matches|like|word)$/.test(before)) {
    return matching([
      { text: 'and', detail: 'both' },
      { text: 'or', detail: 'either' },
    ])
  }
  return { from, items: [] }
}

function valuesOf(subject: string, tags: Tags): Completion[] {
  if (subject === 'resource.provider') return PROVIDERS.map((text) => ({ text, detail: 'provider' }))
  const values = valuesOfTag(subject, tags)
  return (values ?? []).map((value) => ({ text: literal(value, values), detail: `value of ${subject}` }))
}
