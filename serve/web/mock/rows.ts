/** Rows of the mock by their attributes. */
import type { MockRow } from './data.ts'

/** Returns an attribute of a resource, as conditions name it. */
export function attribute(row: MockRow, name: string): string | null {
  const values: Record<string, string | null> = { provider: row.provider, account: row.account, region: row.region, type: row.resource_type, name: row.resource_name, id: row.resource_id }
  return values[name] ?? null
}

/** Returns rows in the order of a parameter such as `-cost`. */
export function sorted(rows: MockRow[], sort: string): MockRow[] {
  const isReverse = sort.startsWith('-')
  const field = isReverse ? sort.slice(1) : sort
  if (field === 'cost') return isReverse ? rows.toReversed() : rows
  const of = (row: MockRow): string | null => {
    if (field === 'compliance') return String(['violating', 'pending', 'compliant', 'out_of_scope'].indexOf(row.compliance))
    if (field === 'open') return String(999 - Object.values(row.open).reduce((a, b) => a + b, 0)).padStart(4, '0')
    if (field.startsWith('tag:')) return row.virtual_tags.find((tag) => tag.key === field.slice(4))?.value ?? null
    return attribute(row, field)
  }
  return rows.toSorted((a, b) => {
    const [left, right] = [of(a), of(b)]
    if (left === null || right === null) return left === right ? 0 : left === null ? 1 : -1
    return (isReverse ? -1 : 1) * left.localeCompare(right)
  })
}
