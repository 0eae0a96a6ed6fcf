import { describe, expect, test } from 'vitest'
import { keepDrafts, readDrafts, withDraft } from '../../src/features/policies/drafts'
import { type Evaluation, impactOf } from '../../src/features/policies/impact'
import { pathProblem } from '../../src/features/policies/new-file'

function memory(text: string | null) {
  const kept = { text }
  return { kept, getItem: () => kept.text, setItem: (_: string, value: string) => void (kept.text = value), removeItem: () => void (kept.text = null) }
}

describe('drafts', () => {
  test('a text that is as saved is no draft, and an empty one of an empty file neither', () => {
    expect(withDraft({ a: 'x' }, 'a', 'y', 'y')).toEqual({})
    expect(withDraft({ a: 'x' }, 'b', '', undefined)).toEqual({ a: 'x', b: '' })
  })
  test('what cannot be read is nothing, and what cannot be stored stays in the page', () => {
    for (const text of [null, '{', '[]', '{"a": 1}']) expect(readDrafts(memory(text))).toEqual({})
    const storage = memory(null)
    keepDrafts(storage, { a: 'x' })
    expect(readDrafts(storage)).toEqual({ a: 'x' })
    keepDrafts(storage, {})
    expect(storage.kept.text).toBeNull()
    const full = { setItem: () => { throw new Error('full') }, removeItem: () => {} }
    expect(() => keepDrafts(full, { a: 'x' })).not.toThrow()
  })
})

test('the impact has checks that appear, change and disappear, the largest change first', () => {
  const check = (name: string, open: number, cost: number | null) => ({ policy: 'p', check: name, severity: 'low', open, costInViolation: cost })
  const evaluation = (checks: Evaluation['checks']): Evaluation => ({ resources: 9, compliant: 1, score: 1, costInViolation: 1, currency: 'USD', checks })
  const found = impactOf(evaluation([check('same', 3, 1), check('gone', 2, 5), check('less', 9, 90)]), evaluation([check('same', 3, 1), check('less', 4, 40), check('new', 0, null)]))
  expect(found.map(({ check, before, after, cost }) => [check, before, after, cost])).toEqual([
    ['less', 9, 4, -50],
    ['gone', 2, undefined, -5],
    ['new', undefined, 0, null],
  ])
})

test('paths of policy files', () => {
  for (const right of ['a.tagpol', 'policies/owner-rules.v2.tagpol']) expect(pathProblem(right, [])).toBeUndefined()
  for (const wrong of ['a.txt', '/a.tagpol', 'a//b.tagpol', '../a.tagpol', 'a/../b.tagpol', 'a b.tagpol', './a.tagpol']) expect(pathProblem(wrong, []), wrong).toBeDefined()
})
