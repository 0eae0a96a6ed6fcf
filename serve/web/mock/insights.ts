/** `GET insights` and `GET anomalies`. */
import type { Anomalies, Insights } from '../src/api/types'
import { type Inventory, random, TAGS } from './data.ts'

export function insights(inventory: Inventory, models: Insights['models']): Insights {
  if (inventory.size === 0) return { models: [], tags: [], acceptance: { accepted: 0, rejected: 0, rate: null, tags: [] }, generation: 'g_20261130' }
  const tags = TAGS.map((tag, n) => {
    const accuracy = 0.7 + 0.28 * random(n, 90)
    return {
      key: tag.key,
      labeled: 1_400,
      measured: 300 + n * 41,
      accuracy,
      baselines: [
        { name: 'most frequent value', accuracy: accuracy - 0.4 },
        { name: 'same account', accuracy: accuracy - 0.12 },
      ],
      calibration_error: 0.02 + 0.02 * random(n, 91),
      bins: Array.from({ length: 8 }, (_, at) => ({ predicted: 0.15 + at * 0.11, right: Math.min(1, 0.13 + at * 0.112 + 0.05 * (random(at, n) - 0.5)), count: 10 + at * at * 9 })),
      thresholds: [{ confidence: 0.9, coverage: 0.62, precision: 0.95, low: 0.92, high: 0.97 }],
    }
  })
  return {
    models,
    tags,
    acceptance: { accepted: 214, rejected: 31, rate: 214 / 245, tags: [{ key: 'owner', accepted: 120, rejected: 12, rate: 120 / 132 }, { key: 'team', accepted: 94, rejected: 19, rate: 94 / 113 }] },
    generation: 'g_20261130',
  }
}

export function anomalies(inventory: Inventory): Anomalies {
  const rows = Array.from({ length: Math.min(6, inventory.size) }, (_, n) => inventory.row(n * 7 + 3))
  const items = rows.map((row, at): Anomalies['items'][number] => ({
    kind: 'model',
    id: `vt_${row.key}_team`,
    resource_key: row.key,
    resource_id: row.resource_id,
    resource_name: row.resource_name,
    resources: 1,
    key: 'team',
    value: 'search',
    suggested: 'payments',
    probability: 0.97 - at * 0.02,
    reasons: ['37 of 38 resources with `checkout` in the name have `payments`', 'account is `111122223333` (+0.31)'],
  }))
  if (inventory.size > 0) items.push({ kind: 'spelling', id: null, resource_key: null, resource_id: null, resource_name: null, resources: 4, key: 'team', value: 'data-plattform', suggested: 'data-platform', probability: 0.9, reasons: ['`data-platform` is on 169 resources'] })
  return { items, examined: inventory.size, resources: inventory.size, generation: 'g_20261130' }
}
