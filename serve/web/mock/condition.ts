/** A small part of the language's conditions, enough for development: comparisons, `is missing`, `in`, `and`, `or`, `not`. */

export interface Fields {
  tag(name: string): string | null | undefined
  attribute(name: string): string | null | undefined
}

export type Predicate = (fields: Fields) => boolean

export class ConditionError extends Error {
  readonly meant: string | undefined

  constructor(message: string, meant?: string) {
    super(message)
    this.meant = meant
  }
}

type Token = { kind: 'word' | 'text' | 'symbol' | 'pattern'; text: string }

function tokens(source: string): Token[] {
  const found: Token[] = []
  const pattern = /\s*(?:"((?:\\.|[^"\\])*)"|\/((?:\\.|[^/\\])+)\/|(==|!=|<=|>=|[<>()[\],])|([\w.@+-]+))/gy
  let at = 0
  while (source.slice(at).trim()) {
    pattern.lastIndex = at
    const match = pattern.exec(source)
    if (!match) throw new ConditionError(`unexpected \`${source.slice(at).trim()[0]}\``)
    const [, text, regex, symbol, word] = match
    if (text !== undefined) found.push({ kind: 'text', text: text.replace(/\\(.)/g, '$1') })
    else if (regex !== undefined) found.push({ kind: 'pattern', text: regex })
    else if (symbol !== undefined) found.push({ kind: 'symbol', text: symbol })
    else found.push({ kind: 'word', text: word ?? '' })
    at = pattern.lastIndex
  }
  return found
}

export function parseCondition(source: string, tagNames: readonly string[]): Predicate {
  const all = tokens(source)
  let at = 0
  const peek = () => all[at]
  const take = () => all[at++]
  const accept = (text: string) => (peek()?.text === text && peek()?.kind !== 'text' ? Boolean(take()) : false)
  const expect = (text: string) => {
    if (!accept(text)) throw new ConditionError(`expected \`${text}\`${peek() ? `, not \`${peek()?.text}\`` : ' at the end'}`)
  }
  const value = (): string => {
    const token = take()
    if (!token || token.kind === 'symbol') throw new ConditionError('a value is missing')
    return token.text
  }
  const read = (subject: string): ((fields: Fields) => string | null) => {
    if (subject.startsWith('resource.')) {
      const name = subject.slice('resource.'.length)
      return (fields) => {
        const found = fields.attribute(name)
        if (found === undefined) throw new ConditionError(`there is no attribute \`resource.${name}\``)
        return found
      }
    }
    if (!tagNames.includes(subject)) {
      const meant = tagNames.find((name) => name.startsWith(subject.slice(0, 3)))
      throw new ConditionError(`there is no tag \`${subject}\``, meant)
    }
    return (fields) => fields.tag(subject) ?? null
  }
  const comparison = (): Predicate => {
    if (accept('(')) {
      const inner = either()
      expect(')')
      return inner
    }
    if (accept('not')) {
      const inner = comparison()
      return (fields) => !inner(fields)
    }
    const subject = read(value())
    if (accept('is')) {
      if (accept('missing')) return (fields) => subject(fields) === null
      if (accept('set')) return (fields) => subject(fields) !== null
      throw new ConditionError('expected `missing` or `set`')
    }
    if (accept('in')) {
      expect('[')
      const values = new Set<string>()
      do values.add(value())
      while (accept(','))
      expect(']')
      return (fields) => values.has(subject(fields) ?? '\0')
    }
    if (accept('matches')) return ((regex) => (fields: Fields) => regex.test(subject(fields) ?? '\0'))(new RegExp(`^(?:${value()})$`))
    if (accept('contains')) return ((part) => (fields: Fields) => subject(fields)?.includes(part) ?? false)(value())
    if (accept('starts')) {
      expect('with')
      return ((part) => (fields: Fields) => subject(fields)?.startsWith(part) ?? false)(value())
    }
    const operator = take()?.text
    const right = value()
    if (peek()?.kind === 'word' && /^[A-Z]{3}$/.test(peek()?.text ?? '')) take()
    const number = Number(right)
    switch (operator) {
      case '==':
        return (fields) => subject(fields) === right
      case '!=':
        return (fields) => subject(fields) !== null && subject(fields) !== right
      case '>':
        return (fields) => subject(fields) !== null && Number(subject(fields)) > number
      case '>=':
        return (fields) => subject(fields) !== null && Number(subject(fields)) >= number
      case '<':
        return (fields) => subject(fields) !== null && Number(subject(fields)) < number
      case '<=':
        return (fields) => subject(fields) !== null && Number(subject(fields)) <= number
      default:
        throw new ConditionError(operator ? `unknown operator \`${operator}\`` : 'an operator is missing')
    }
  }
  const both = (): Predicate => {
    let left = comparison()
    while (accept('and')) {
      const [before, right] = [left, comparison()]
      left = (fields) => before(fields) && right(fields)
    }
    return left
  }
  const either = (): Predicate => {
    let left = both()
    while (accept('or')) {
      const [before, right] = [left, both()]
      left = (fields) => before(fields) || right(fields)
    }
    return left
  }
  const result = either()
  if (at < all.length) throw new ConditionError(`unexpected \`${peek()?.text}\``)
  return result
}
