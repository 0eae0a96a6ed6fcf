import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ACTIONS, KINDS } from '../../src/features/activity/actions'
import { refusal, sentName } from '../../src/lib/upload'

test('files are refused for what the server would refuse them for', () => {
  expect(refusal({ name: 'bill.csv', size: 3 })).toBeUndefined()
  expect(refusal({ name: 'BILL.CSV.GZ', size: 3 })).toBeUndefined()
  expect(refusal({ name: 'bill.xlsx', size: 3 })).toContain('.parquet')
  expect(refusal({ name: 'csv', size: 3 })).toContain('.csv')
  expect(refusal({ name: 'bill.csv', size: 0 })).toBe('The file is empty.')
})

test('the name that is sent has only letters, digits, dots, hyphens and underscores, and keeps the ending', () => {
  expect(sentName('Rechnung März (2).csv')).toBe('Rechnung-Marz-2-.csv')
  expect(sentName('../../etc/passwd.csv')).toBe('etc-passwd.csv')
  expect(sentName('.hidden.json')).toBe('hidden.json')
  expect(sentName('請求書.csv')).toBe('file.csv')
  expect(sentName(`${'x'.repeat(300)}.parquet`)).toMatch(/^x{192}\.parquet$/)
})

test('every action that the server writes into the trail has words, and a kind that selects it', () => {
  const folder = '../http/src'
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.rs'))
  const written = sources.flatMap((file) => [...readFileSync(`${folder}/${file}`, 'utf8').matchAll(/action: "([a-z_]+\.[a-z_]+)"|"((?:job|model|user|view)\.[a-z_]+)"/g)].map(([, one, other]) => one ?? other ?? ''))
  expect(written.length).toBeGreaterThan(30)
  expect([...new Set(written)].filter((action) => !ACTIONS[action])).toEqual([])
  for (const [kind] of KINDS.slice(1)) expect(Object.keys(ACTIONS).some((action) => action.startsWith(`${kind}.`))).toBe(true)
})
