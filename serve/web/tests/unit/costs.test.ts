import { describe, expect, test } from 'vitest'
import type { CostPart } from '../../src/api/types'
import { costParams, type Line, linesOf, readCostView, resourcesOf, seriesOf, shownTags, sumCosts } from '../../src/lib/costs'
import { csv } from '../../src/lib/csv'
import { dayAfter, isDay } from '../../src/lib/days'

const line = (values: (string | null)[], cost: string, period: string | null = null): Line => ({ period, values, resources: 1, cost, shared: '0', no_resource: '0' })

describe('the view of the costs', () => {
  test('what an address must not have is left out', () => {
    expect(readCostView({ by: 'a b', provider: 'aws', from: '2026-10-02', to: '2026-10-01', period: 'year', path: [['team', null], ['team', 'x'], ['x'], 3] })).toEqual({ provider: 'aws', path: [['team', null]] })
    expect(readCostView({ from: '2026-13-01', to: '2026-13-02' })).toEqual({})
  })

  test('opened values are names whose lines are chosen, so that shared costs are spread as before', () => {
    const view = { provider: 'aws', path: [['cost-center', null]] satisfies [string, null][] }
    expect(costParams(view, ['team', 'cost-center'], 'day')).toMatchObject({ by: 'resource.provider,cost-center,team', lines: '{"resource.provider":["aws"],"cost-center":[null]}', period: 'day' })
    const part: CostPart = { currency: 'USD', total: '3', lines: [{ ...line(['aws', null, 'payments'], '3'), period: null }] }
    expect(linesOf(part, view, ['team', 'cost-center'])[0]?.values).toEqual(['payments', null])
  })

  test('days that are not whole months are days of usage', () => {
    expect(costParams({ from: '2026-02-01', to: '2026-02-28' }, []).by_usage_date).toBeUndefined()
    expect(costParams({ from: '2026-02-01', to: '2026-02-27' }, []).by_usage_date).toBe(true)
  })

  test('the resources of a part of the costs are a condition', () => {
    const tags = [{ key: 'environment', type: 'enumeration', allowed_values: ['production'], description: '' }]
    expect(resourcesOf({ provider: 'aws', path: [['environment', 'production']] }, [['team', null], ['environment', 'x']], tags)).toBe('resource.provider == aws and environment == production and team is missing')
    expect(resourcesOf({}, [], tags)).toBeUndefined()
  })
})

test('a tag that was opened to one value is neither compared nor shown over time', () => {
  const tags = ['cost-center', 'team', 'project'].map((key) => ({ key, type: 'text', allowed_values: null, description: '' }))
  expect(shownTags({}, tags)).toEqual({ by: 'cost-center', trendBy: 'project' })
  expect(shownTags({ by: 'team', trend: 'team', path: [['team', 'a']] }, tags)).toEqual({ by: 'cost-center', trendBy: 'project' })
  expect(shownTags({ path: [['project', null], ['cost-center', 'x']] }, tags)).toEqual({ by: 'team', trendBy: 'team' })
  expect(shownTags({ trend: 'team', path: tags.map(({ key }) => [key, null]) }, tags)).toEqual({ by: undefined, trendBy: undefined })
})

test('days are those of the calendar', () => {
  for (const right of ['2026-02-28', '2028-02-29', '2026-12-31']) expect(isDay(right), right).toBe(true)
  for (const wrong of ['2026-13-01', '2026-02-29', '2026-02-30', '2026-00-10', '26-01-01', '2026-1-1', 20260101, null]) expect(isDay(wrong), String(wrong)).toBe(false)
  expect(dayAfter('2026-12-31')).toBe('2027-01-01')
})

test('a trend has the most expensive values, and everything else as one', () => {
  const { periods, series } = seriesOf([line(['a'], '1', '2'), line(['b'], '5', '1'), line([null], '2.5', '2'), line(['a'], '0.25', '1')], 2)
  expect(periods).toEqual(['1', '2'])
  expect(series).toEqual([
    { value: 'b', costs: ['5', '0'] },
    { value: null, costs: ['0', '2.5'] },
    { value: undefined, costs: ['0.25', '1'] },
  ])
  expect(sumCosts([line(['a'], '0.1'), line(['b'], '0.2')])).toBe('0.3')
})

test('CSV has quotes where it needs them, and no formulas', () => {
  expect(csv(['a', 'b'], [['x,"y"', null], ['=1+2', '-3.50'], ['@x\n', 2]])).toBe('a,b\r\n"x,""y""",\r\n\'=1+2,-3.50\r\n"\'@x\n",2\r\n')
})
