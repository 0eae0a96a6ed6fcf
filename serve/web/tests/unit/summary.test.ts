import { describe, expect, test } from 'vitest'
import { address, nextCursor } from '../../src/api/client'
import type { CheckResult, TrendPoint } from '../../src/api/types'
import { sumAmounts } from '../../src/lib/money'
import { lastDays, openBySeverity, sumOf, worstChecks } from '../../src/lib/summary'

const check = (policy: string, severity: CheckResult['severity'], open: number, monthly_cost: string | null): CheckResult => ({
  policy,
  check: 'c',
  severity,
  message: '',
  in_scope: 10,
  open,
  pending: 1,
  exempt: 2,
  monthly_cost,
})
const checks = [check('a', 'low', 9, '1000'), check('b', 'critical', 1, '9.5'), check('c', 'critical', 1, '10.5'), check('d', 'critical', 0, null), check('e', 'critical', 5, null)]

describe('summary', () => {
  test('severity counts before cost, and cost before number', () => {
    expect(worstChecks(checks).map((one) => one.policy)).toEqual(['c', 'b', 'e', 'a'])
  })
  test('findings are summed by severity and by policy', () => {
    expect(openBySeverity(checks)).toEqual({ critical: 7, high: 0, medium: 0, low: 9 })
    expect(sumOf(checks, 'a')).toEqual({ open: 9, pending: 1, exempt: 2 })
  })
  test('a day has one point, its last', () => {
    const point = (at: string): TrendPoint => ({ at, score: 1, resources: 1, compliant: 1 })
    const trend = ['2026-09-01T00:00:00Z', '2026-11-29T01:00:00Z', '2026-11-29T05:00:00Z', '2026-11-30T01:00:00Z'].map(point)
    expect(lastDays(trend, 30).map((one) => one.at)).toEqual(['2026-11-29T05:00:00Z', '2026-11-30T01:00:00Z'])
    expect(lastDays([], 30)).toEqual([])
  })
})

describe('money', () => {
  test('sums are exact', () => {
    expect(sumAmounts(['0.1', '0.2', null])).toBe('0.3')
    expect(sumAmounts(['123456789012345678.01', '0.009'])).toBe('123456789012345678.019')
    expect(sumAmounts(['1', '-3.50'])).toBe('-2.50')
    expect(sumAmounts(['7', '8'])).toBe('15')
    expect(sumAmounts([null, undefined])).toBeNull()
  })
})

describe('addresses', () => {
  test('what is empty is left out, and everything else is encoded', () => {
    expect(address('resources', { q: 'a&b', where: undefined, cursor: '', limit: 5 })).toBe('/api/v1/resources?q=a%26b&limit=5')
  })
  test('the cursor of the next page comes from the header', () => {
    expect(nextCursor('</api/v1/resources?cursor=a%2Bb&limit=5>; rel="next"')).toBe('a+b')
    expect(nextCursor('</x?cursor=a>; rel="prev"')).toBeUndefined()
    expect(nextCursor(null)).toBeUndefined()
  })
})
