import { describe, expect, test } from 'vitest'
import type { TagDefinition } from '../../src/api/types'
import { all, complete, conditionOfFacets, equals, isCondition, quoted } from '../../src/lib/condition'
import { formatAgo, formatAmount, formatConfidence, formatDay, formatMonth, formatPercent, plural } from '../../src/lib/format'
import { contentHeight, MAX_HEIGHT, revealed, rowTop, scrolled, settled, START, visibleRows } from '../../src/lib/scroll-map'
import { readView, selectionOf, toggleFacet } from '../../src/lib/view'
import { breakable } from '../../src/parts/paper'

const schema: TagDefinition[] = [
  { key: 'environment', type: 'enumeration', allowed_values: ['production', 'staging'], description: '' },
  { key: 'owner', type: 'an email address', allowed_values: null, description: '' },
  { key: 'due', type: 'a date like 2027-03-31', allowed_values: null, description: '' },
]

describe('format', () => {
  test('amounts keep digits that a double would lose', () => {
    expect(formatAmount('123456789012345678.91')).toBe('123,456,789,012,345,678.91')
    expect(formatAmount('-3')).toBe('-3.00')
    expect(formatAmount(null)).toBe('')
  })
  test('a percentage is 0 or 100 only if it is exact', () => {
    expect([0, 0.0001, 0.005, 0.27449, 0.275, 0.9999, 1].map((share) => formatPercent(share))).toEqual(
      ['0%', '1%', '1%', '27%', '28%', '99%', '100%'],
    )
    expect(formatPercent(0.99999, 1)).toBe('99.9%')
  })
  test('a prediction is never certain', () => {
    expect(formatConfidence(0.999)).toBe('0.99')
    expect(formatConfidence(0)).toBe('0.01')
  })
  test('times', () => {
    const now = new Date('2026-11-30T12:00:00Z')
    expect(formatAgo('2026-11-30T11:59:50Z', now)).toBe('just now')
    expect(formatAgo('2026-11-30T09:00:00Z', now)).toBe('3 hours ago')
    expect(formatAgo('2026-11-29T09:00:00Z', now)).toBe('yesterday')
    expect(formatAgo('2026-11-30T21:30:00Z', now)).toBe('in 9 hours')
    expect(formatAgo('2025-01-02T00:00:00Z', now)).toBe('Jan 2, 2025')
    expect(formatDay('2026-11-01T00:00:00Z', now)).toBe('Nov 1')
    expect(formatMonth('2026-10')).toBe('Oct 2026')
  })
  test('plural', () => {
    expect([plural(1, 'resource'), plural(12345, 'resource')]).toEqual(['1 resource', '12,345 resources'])
  })
})

describe('scroll map', () => {
  const small = { rows: 100, rowHeight: 36, viewport: 720 }
  const large = { rows: 1_000_000, rowHeight: 36, viewport: 720 }

  test('few rows scroll as the browser does', () => {
    expect(contentHeight(small)).toBe(3600)
    expect(scrolled(START, 500, small)).toEqual({ native: 500, virtual: 500 })
  })
  test('a million rows fit below the limit, and the last one can be reached', () => {
    expect(contentHeight(large)).toBe(MAX_HEIGHT)
    const end = scrolled(START, MAX_HEIGHT - 720, large)
    expect(visibleRows(end, large, 0)).toEqual([999_980, 1_000_000])
  })
  test('a wheel moves by its own pixels, a drag in proportion', () => {
    const wheel = scrolled(START, 100, large)
    expect(wheel.virtual).toBe(100)
    const drag = scrolled(START, (MAX_HEIGHT - 720) / 2, large)
    expect(visibleRows(drag, large, 0)[0]).toBe(499_990)
  })
  test('every row can be seen: steps never skip a row, also at the end of the bar', () => {
    let state = settled((1_000_000 - 100) * 36, large)
    for (let step = 0; step < 60; step++) {
      const limit = MAX_HEIGHT - 720
      const next = scrolled(state, Math.min(state.native + 100, limit), large)
      expect(next.virtual - state.virtual).toBeLessThanOrEqual(100)
      state = settled(next.virtual, large)
    }
    expect(visibleRows(state, large, 0)[1]).toBe(1_000_000)
  })
  test('settling does not move the rows', () => {
    for (const virtual of [0, 1, 1000, 17_999_640, 35_999_279, 35_999_280]) {
      const state = settled(virtual, large)
      expect(state.virtual).toBe(virtual)
      expect(rowTop(Math.floor(virtual / 36), state, large)).toBeCloseTo(state.native - (virtual % 36))
    }
  })
  test('a row is revealed only if it is not seen', () => {
    expect(revealed(START, 5, large)).toBe(START)
    const far = revealed(START, 700_000, large)
    expect(visibleRows(far, large, 0)).toContain(700_001)
  })
})

describe('conditions', () => {
  test('words are told from conditions', () => {
    const conditions = ['owner is missing', 'resource.monthly-cost > 500 USD', 'environment == production', '(a == b)', 'not owner is set']
    const words = ['checkout prod', 'i-0abc', 'payments@shop.example', 'is', 'arn:aws:ec2', 'web-1']
    expect(conditions.filter(isCondition)).toEqual(conditions)
    expect(words.filter(isCondition)).toEqual([])
  })
  test('values with quotes stay one value', () => {
    expect(quoted('a" or owner is set or "\\')).toBe('"a\\" or owner is set or \\"\\\\"')
    // Braces would ask for the value of a tag.
    expect(quoted('{{team}}')).toBe('"\\{\\{team}}"')
  })
  test('values that a type does not allow are found all the same', () => {
    expect(equals('environment', 'staging', schema)).toBe('environment == staging')
    expect(equals('environment', 'qa/2.x', schema)).toBe('environment matches /qa\\/2\\.x/')
    expect(equals('owner', 'data team', schema)).toBe('owner == "data team"')
    expect(equals('due', '2026-09-02', schema)).toBe('due matches /2026-09-02/')
    expect(equals('resource.type', 'ec2:instance', schema)).toBe('resource.type == "ec2:instance"')
    expect(equals('owner', null, schema)).toBe('owner is missing')
  })
  test('facets become a condition', () => {
    const facets = { provider: ['aws', 'gcp'], 'tag:environment': ['production', null], compliance: ['violating'] }
    expect(conditionOfFacets(facets, schema)).toBe(
      '(resource.provider == aws or resource.provider == gcp) and (environment == production or environment is missing)',
    )
    expect(all(['a == b or c == d', undefined, 'e is set'])).toBe('(a == b or c == d) and e is set')
  })
  test('completion follows the grammar', () => {
    const texts = (text: string) => complete(text, schema).items.map((item) => item.text)
    expect(texts('env')[0]).toBe('environment')
    expect(texts('environment ')).toContain('==')
    expect(texts('environment == ')).toEqual(['production', 'staging'])
    expect(texts('environment == st')).toEqual(['staging'])
    expect(texts('owner is missing ')).toEqual(['and', 'or'])
    expect(texts('owner is missing and o')[0]).toBe('owner')
    expect(texts('resource.monthly-cost ')).toContain('>')
    expect(texts('environment in [production, ')).toContain('staging')
  })
})

describe('the view in the address', () => {
  test('what is not valid is left out', () => {
    expect(readView({ filter: ' ', sort: 'a b', open: 'x', facets: [1], columns: 'x' })).toEqual({})
    expect(readView({ filter: 'a', sort: '-cost', facets: { provider: ['aws', 3], x: 'y', 'a b': ['c'] }, columns: ['a', 'a'] })).toEqual({
      filter: 'a',
      sort: '-cost',
      facets: { provider: ['aws'] },
      columns: ['a'],
    })
  })
  test('facets toggle', () => {
    const one = toggleFacet(undefined, 'provider', 'aws')
    expect(one).toEqual({ provider: ['aws'] })
    expect(toggleFacet(one, 'provider', 'aws')).toBeUndefined()
    expect(toggleFacet(one, 'tag:owner', null)).toEqual({ provider: ['aws'], 'tag:owner': [null] })
  })
  test('words and conditions go to their parameters', () => {
    expect(selectionOf({ filter: ' web ', facets: { severity: ['high'] } }, schema)).toEqual({ q: 'web', severity: 'high' })
    expect(selectionOf({ filter: 'owner is missing', facets: { provider: ['aws'] } }, schema)).toEqual({
      where: 'owner is missing and resource.provider == aws',
    })
    expect(selectionOf({ facets: { provider: ['aws'] } }, schema, 'provider')).toEqual({})
  })
})

test('long words break on paper, behind their punctuation first', () => {
  expect(breakable('a short text')).toBe('a short text')
  expect(breakable('prod-tagging-standard/data-classification').split('\u200b')).toEqual(['prod-', 'tagging-', 'standard/', 'data-', 'classification'])
  const long = breakable(`see ${'x'.repeat(60)}`)
  expect(long.replaceAll('\u200b', '')).toBe(`see ${'x'.repeat(60)}`)
  expect(long.split('\u200b').map((part) => part.length)).toEqual([28, 24, 12])
})
