/**
 * How fast the dashboard is with many resources: `MEASURE=50000,1000000 TAGPOL_BINARY=<a release build> npm run test:browser measure`.
 * Writes an inventory, serves it, and prints medians and 95th percentiles of what a person waits for.
 */
import { createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { describe, expect, onTestFinished, test } from 'vitest'
import { LOOKS } from './harness'
import { IS_REAL, RealServer } from './real'

const SIZES = (process.env.MEASURE ?? '').split(',').filter(Boolean).map(Number)

const POLICIES = `tag environment: one of [production, staging, development]
tag owner: email
tag team: text

policy production-is-owned {
  severity high
  for resource where environment == production
  require owner else "write the owner's email address"
}

policy has-team {
  severity medium
  require team
}
`

/** A project with an inventory of so many resources, of which each third has no owner. */
async function project(size: number): Promise<string> {
  const folder = join(await mkdtemp(join(tmpdir(), 'tagpol-measure-')), 'project')
  await mkdir(folder)
  const write = async (name: string, lines: Iterable<string>) => {
    const file = createWriteStream(join(folder, name))
    for (const line of lines) if (!file.write(line)) await once(file, 'drain')
    file.end()
    await once(file, 'finish')
  }
  function* rows() {
    yield 'id,name,type,provider,account,region,monthly_cost,currency,tag:environment,tag:owner,tag:team\n'
    const [environments, teams] = [['production', 'staging', 'development'], ['payments', 'search', 'media', 'orders', 'risk']]
    for (let n = 0; n < size; n++) {
      const owner = n % 3 === 0 ? '' : `team${n % 97}@shop.example`
      yield `r-${n},${teams[n % 5]}-${n},ec2:instance,${n % 4 === 0 ? 'azure' : 'aws'},${100 + (n % 40)},eu-${n % 6},${(n * 7919) % 9001}.50,USD,${environments[n % 3]},${owner},${n % 11 === 0 ? '' : teams[n % 5]}\n`
    }
  }
  await write('tagpol.toml', ['name = "many"\ninventory = ["list.csv"]\n'])
  await write('many.tagpol', [POLICIES])
  await write('list.csv', rows())
  return folder
}

const at = (values: number[], share: number) => values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN

const shown = (values: number[]) => `median ${at(values, 0.5).toFixed(0)} ms, p95 ${at(values, 0.95).toFixed(0)} ms of ${values.length}`

describe.skipIf(!IS_REAL || SIZES.length === 0)('measured', () => {
  for (const size of SIZES) {
    test(
      `${size} resources`,
      async () => {
        const folder = await project(size)
        const began = Date.now()
        const server = await RealServer.start({ folder })
        onTestFinished(async () => {
          await server.close()
          await rm(join(folder, '..'), { recursive: true, force: true, maxRetries: 10 })
        }, 60_000)
        await server.prepare()
        console.log(`${size} resources, load ${loadavg()[0]?.toFixed(1)}: ready after ${((Date.now() - began) / 1000).toFixed(0)} s`)
        const visit = await server.admin(LOOKS[0], [/./])
        const { page } = visit

        const first: number[] = []
        for (let round = 0; round < 5; round++) {
          const from = Date.now()
          await page.goto('/resources')
          await page.getByRole('row').nth(1).waitFor()
          first.push(Date.now() - from)
        }
        console.log(`first page: ${shown(first)}`)

        const filters: number[] = []
        const box = page.getByRole('combobox', { name: 'Filter resources' })
        for (let round = 0; round < 40; round++) {
          await box.fill(['owner is missing', 'environment == production', `payments-${round * 5}`, `resource.monthly-cost > ${round * 100} USD`][round % 4] + (round % 4 === 1 ? ` and resource.region == "eu-${round % 6}"` : ''))
          // From the key until other rows are on the screen.
          const changed = page.evaluate(async () => {
            const count = () => document.querySelector('.summary-count')?.textContent
            const [before, from] = [count(), performance.now()]
            while (count() === before && performance.now() - from < 20_000) await new Promise(requestAnimationFrame)
            return performance.now() - from
          })
          await page.keyboard.press('Enter')
          filters.push(await changed)
        }
        // A filter with as many rows as the one before changes nothing that could be seen.
        console.log(`filter to rows: ${shown(filters.filter((one) => one < 20_000))}`)

        await visit.goto('/resources')
        await page.evaluate(() => {
          const long: number[] = []
          new PerformanceObserver((list) => long.push(...list.getEntries().map((entry) => entry.duration))).observe({ type: 'longtask' })
          ;(window as unknown as { long: number[] }).long = long
        })
        await page.getByRole('grid', { name: 'Resources' }).hover()
        for (let step = 0; step < 100; step++) {
          await page.mouse.wheel(0, 400)
          await page.waitForTimeout(16)
        }
        const long = await page.evaluate(() => (window as unknown as { long: number[] }).long)
        console.log(`tasks over 50 ms while scrolling: ${long.length === 0 ? 'none' : long.map((one) => one.toFixed(0)).join(', ')}`)

        await visit.goto('/policies?file=many.tagpol')
        const text = page.getByRole('textbox', { name: 'Text of many.tagpol' })
        await text.click()
        await page.keyboard.press('Control+End')
        await page.keyboard.type('\n// ')
        const keys: number[] = []
        for (let round = 0; round < 20; round++) {
          // A name that is not known, and then nothing that is wrong.
          for (const [key, wrong] of [
            ['\nx', true],
            ['Backspace', false],
          ] as const) {
            const changed = page.evaluate(async (isWrong) => {
              const from = performance.now()
              while ((document.querySelector('.problem-list') !== null) !== isWrong && performance.now() - from < 10_000) await new Promise(requestAnimationFrame)
              return performance.now() - from
            }, wrong)
            if (wrong) await page.keyboard.type(key)
            else {
              await page.keyboard.press('Backspace')
              await page.keyboard.press('Backspace')
            }
            keys.push(await changed)
          }
        }
        console.log(`key to diagnostics: ${shown(keys)}`)
        expect(keys.length).toBe(40)
        await visit.context.close()
      },
      3_600_000,
    )
  }
})
