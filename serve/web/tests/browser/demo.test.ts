/** The demonstration: from the link to an accepted suggestion, and what needs a model, bills and a history. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { address } from '../../src/api/client'
import { LOOKS } from './harness'
import { IS_REAL, RealServer } from './real'

describe.skipIf(!IS_REAL)('the demonstration', () => {
  let server: RealServer

  beforeAll(async () => {
    server = await RealServer.start('demo')
  }, 300_000)
  afterAll(() => server?.close())

  test('from the link to an accepted suggestion, with nothing but what is on the screen', async () => {
    const began = Date.now()
    const visit = await server.firstVisit()
    const { page } = visit
    await page.getByRole('button', { name: /^Accept/ }).first().click({ timeout: 60_000 })
    await page.getByText(/ is now /).first().waitFor()
    const seconds = (Date.now() - began) / 1000
    console.log(`from the link to an accepted suggestion: ${seconds.toFixed(1)} s`)
    expect(seconds).toBeLessThan(120)
    const password = await visit.context.request.put('/api/v1/auth/password', { data: { new: 'correct horse battery' } })
    expect(password.status()).toBe(204)
    await visit.close()
  })

  test('every page has something to show', async () => {
    const visit = await server.admin()
    const { page } = visit
    for (const [path, text] of [
      ['/', 'Fix first'],
      ['/resources', /320/],
      ['/compliance', 'Last 30 days'],
      ['/costs', 'Nov 2026, expected'],
      ['/insights', 'Accuracy by tag'],
      ['/graph', 'cost-center'],
      ['/policies', 'policies.tagpol'],
      ['/activity', 'confirmed'],
      ['/jobs', 'Schedules'],
      ['/settings', 'People'],
    ] as const) {
      await visit.goto(path)
      // The month that is not over is that of the clock.
      await page.getByText(path === '/costs' ? / expected$/ : text).first().waitFor()
      await visit.shot(`demo-${path.slice(1) || 'home'}`)
      await visit.audit()
    }
    await visit.close()
  })

  test('flow 1: filter by compliance, open a resource, review its cost or apply what is suggested', async () => {
    const visit = await server.admin()
    const { page } = visit
    await visit.goto('/resources')
    const count = page.locator('.summary-count strong')
    const all = await count.textContent()
    await page.getByRole('checkbox', { name: /Violating/ }).check()
    await expect.poll(() => count.textContent()).not.toBe(all)
    const violating = await count.textContent()
    await page.getByRole('combobox', { name: 'Filter resources' }).fill('environment is missing')
    await page.keyboard.press('Enter')
    await expect.poll(() => count.textContent()).not.toBe(violating)
    const before = Number(await count.textContent())
    await page.getByRole('row').nth(1).click()
    const suggestion = page.getByRole('region', { name: 'Suggestion for environment' })
    await suggestion.getByRole('button', { name: 'Accept' }).click()
    await page.getByText(/environment is now/).waitFor()
    const panel = page.getByRole('complementary', { name: 'Resource' })
    await panel.getByText('Confirmed · You').waitFor()
    await expect.poll(() => count.textContent().then(Number)).toBe(before - 1)
    await panel.getByRole('heading', { level: 2 }).getByRole('link').click()
    await page.getByText(/USD a month/).first().waitFor()
    await visit.close()
  })

  test('flow 2, story 3: all matches get a value although the server is killed in between, and get it taken back', async () => {
    const visit = await server.admin(LOOKS[0], [/502|503|Failed to load|ERR_/])
    const { page } = visit
    await visit.goto('/resources')
    const all = Number((await page.locator('.summary-count strong').textContent())?.replace(',', ''))
    await page.getByRole('row').nth(1).getByRole('gridcell').first().click()
    await page.getByRole('button', { name: /^Select all/ }).click()
    await page.getByRole('button', { name: 'Change tags…' }).click()
    await page.getByLabel('Tag', { exact: true }).selectOption('owner')
    await page.getByLabel('Value', { exact: true }).fill('everything@shop.example')
    await page.getByRole('button', { name: 'Preview' }).click()
    const apply = page.getByRole('button', { name: `Apply to ${all} resources` })
    await Promise.all([page.waitForResponse(/\/bulk\/[^/]+\/apply$/), apply.click()])
    await server.kill()
    await server.restart()
    await page.getByText(`${all} resources changed.`).waitFor({ timeout: 60_000 })
    const decided = await visit.context.request.get(address('resources', { where: 'owner == "everything@shop.example"', limit: 1 }))
    expect(((await decided.json()) as { total: number }).total).toBe(all)
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByText('Undone. Every resource has the value it had before.').waitFor({ timeout: 60_000 })
    await page.getByRole('button', { name: 'Close' }).last().click()
    await visit.goto('/resources?filter=everything')
    await page.getByText('No resource matches').waitFor()
    await visit.close()
  })

  test('story 5: costs are those of the bill, also in what has no cost center, and in the file', async () => {
    const bill = (await readFile(join(server.folder, 'bill.csv'), 'utf8')).trim().split('\n').slice(1).map((line) => line.split(','))
    const visit = await server.admin()
    const { page } = visit
    await visit.goto('/costs')
    const month = (await page.getByRole('combobox', { name: 'Month' }).inputValue()) || ''
    const billed = bill.filter(([, period = '']) => period.startsWith(month)).reduce((sum, line) => sum + Number(line[8]), 0)
    const figure = async () => Number((await page.locator('.figure-value').first().textContent())?.replaceAll(',', ''))
    expect(await figure()).toBeCloseTo(billed, 2)
    await page.getByRole('listitem').filter({ hasText: '(missing)' }).getByRole('button').first().click()
    await page.waitForURL(/path=/)
    // A page shows what it had until it has what was opened.
    await expect.poll(figure).toBeLessThan(billed - 1)
    await visit.settled()
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      (async () => {
        await page.getByRole('button', { name: 'CSV' }).click()
        await page.getByRole('menuitem', { name: /^Costs by/ }).click()
      })(),
    ])
    const lines = (await readFile(await file.path(), 'utf8')).trim().split('\r\n').slice(1)
    expect(lines.every((line) => line.startsWith(','))).toBe(true)
    expect(lines.reduce((sum, line) => sum + Number(line.split(',')[3]), 0)).toBeCloseTo(await figure(), 2)
    await visit.close()
  })

  test('a view that is shared is there for others', async () => {
    const visit = await server.admin()
    const { page } = visit
    await visit.goto('/resources?filter=owner+is+missing')
    await page.getByRole('button', { name: 'Views' }).click()
    await page.getByRole('menuitem', { name: 'Save this view…' }).click()
    await page.getByLabel('Name').fill('Without an owner')
    await page.getByRole('checkbox', { name: /^Share it/ }).check()
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('“Without an owner” is saved for everybody.').waitFor()
    await visit.close()
    const other = (await server.person('viewer', 'Vera Lind')).visit
    await other.goto('/resources')
    await other.page.getByRole('button', { name: 'Views' }).click()
    await other.page.getByRole('menuitem', { name: /Without an owner\s+Administrator/ }).click()
    await other.page.waitForURL(/filter=owner\+is\+missing/)
    await other.close()
  })

  test('story 6: a mistake is found while typing, its effect is shown before it is saved, and viewers cannot save', async () => {
    const visit = await server.admin()
    const { page } = visit
    await visit.goto('/policies?file=policies%2Fpolicies.tagpol')
    const text = page.getByRole('textbox', { name: 'Text of policies/policies.tagpol' })
    await text.click()
    await page.keyboard.press('Control+End')
    await page.keyboard.type('\npolicy new-one {\nseverity low\nrequire ownr\n')
    await page.getByRole('button', { name: /^Error .*ownr/ }).first().waitFor()
    await visit.shot('demo-policies-mistake')
    // The pointer may arrive before the mark has its fix.
    const fix = page.locator('.cm-tooltip').getByRole('button', { name: /owner/ }).first()
    await expect
      .poll(async () => {
        await page.mouse.move(0, 0)
        await page.locator('.cm-lintRange-error').first().hover()
        return fix.waitFor({ timeout: 3_000 }).then(() => 'shown', () => 'not shown')
      }, { timeout: 40_000 })
      .toBe('shown')
    await fix.click()
    await page.getByText('No errors and no warnings.').waitFor()
    await page.getByRole('button', { name: 'Run all' }).click()
    await page.getByText(/3 tests/).waitFor({ timeout: 60_000 })
    await page.getByRole('button', { name: 'Compare' }).click()
    await page.getByText(/^new-one\//).waitFor({ timeout: 60_000 })
    await visit.shot('demo-policies-impact')
    await visit.audit()
    await page.getByRole('button', { name: 'Save…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Save 1 file' })
    await dialog.getByText(/^new-one\//).waitFor({ timeout: 60_000 })
    await dialog.getByLabel('Reason (optional)').fill('every resource has an owner')
    await dialog.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('The policies are saved.').waitFor()
    await page.getByText('policies/policies.tagpol', { exact: true }).nth(1).waitFor()
    expect(await readFile(join(server.folder, 'policies/policies.tagpol'), 'utf8')).toContain('policy new-one {')
    // The evaluation with the new policy arrives by itself.
    await visit.goto('/compliance')
    await page.getByRole('link', { name: 'new-one', exact: true }).waitFor({ timeout: 60_000 })
    await visit.close()
    const viewer = (await server.person('viewer', 'Nora Weiss', [/403/])).visit
    await viewer.goto('/policies')
    await viewer.page.getByText('Policies are for administrators').waitFor()
    expect((await viewer.context.request.post('/api/v1/changes', { data: { files: [] } })).status()).toBe(403)
    await viewer.close()
  }, 180_000)
})
