import { describe, expect, test } from 'vitest'
import { conflicts, keepDrafts, readDrafts, withDraft } from '../../src/features/policies/drafts'
import { pathProblem } from '../../src/features/policies/new-file'

function memory(text: string | null) {
  const kept = { text }
  return { kept, getItem: () => kept.text, setItem: (_: string, value: string) => void (kept.text = value), removeItem: () => void (kept.text = null) }
}

describe('drafts', () => {
  const draft = { text: 'x', base: null }
  test('a text that is as saved is no draft, and an empty one of an empty file neither', () => {
    expect(withDraft({ a: draft }, 'a', 'y', 'y')).toEqual({})
    expect(withDraft({ a: draft }, 'b', '', undefined)).toEqual({ a: draft, b: { text: '', base: null } })
  })
  test('a draft keeps what was saved when it was begun, so that a save in between is noticed', () => {
    const first = withDraft({}, 'a', 'mine', 'old')
    const second = withDraft(first, 'a', 'mine, longer', 'theirs')
    expect(second).toEqual({ a: { text: 'mine, longer', base: 'old' } })
    expect(conflicts(second, new Map([['a', 'old']]))).toEqual([])
    expect(conflicts(second, new Map([['a', 'theirs']]))).toEqual(['a'])
    expect(conflicts(second, new Map())).toEqual(['a'])
    expect(conflicts(second, new Map([['a', 'mine, longer']]))).toEqual([])
    expect(conflicts({ b: draft }, new Map())).toEqual([])
  })
  test('what cannot be read is nothing, and what cannot be stored stays in the page', () => {
    for (const text of [null, '{', '[]', '{"a": "x"}', '{"a": {"text": 1}}', '{"a": null}']) expect(readDrafts(memory(text))).toEqual({})
    const storage = memory(null)
    keepDrafts(storage, { a: draft })
    expect(readDrafts(storage)).toEqual({ a: draft })
    keepDrafts(storage, {})
    expect(storage.kept.text).toBeNull()
    const full = { setItem: () => { throw new Error('full') }, removeItem: () => {} }
    expect(() => keepDrafts(full, { a: draft })).not.toThrow()
  })
})

test('paths of policy files', () => {
  for (const right of ['a.tagpol', 'policies/owner-rules.v2.tagpol']) expect(pathProblem(right, [])).toBeUndefined()
  for (const wrong of ['a.txt', '/a.tagpol', 'a//b.tagpol', '../a.tagpol', 'a/../b.tagpol', 'a b.tagpol', './a.tagpol']) expect(pathProblem(wrong, []), wrong).toBeDefined()
})
