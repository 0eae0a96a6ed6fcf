/** What people do: each story as the role that does it, at the keyboard or by name of what is on the screen. */
import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CHROMIUM, LOOKS, Stage } from './harness'

describe.skipIf(!CHROMIUM)('stories', () => {
  let stage: Stage
  beforeAll(async () => {
    stage = await Stage.open(2_000)
  })
  afterAll(() => stage.close())

  test('sign in, with a wrong password first, and go on to the page that was asked for', async () => {
    const visit = await stage.page(undefined, undefined, [/401/])
    const { page } = visit
    await page.goto('/compliance')
    await page.getByLabel('Email address').fill('editor@shop.example')
    await page.getByLabel('Password').fill('wrong')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('The email address or the password is wrong.').waitFor()
    await visit.audit()
    await page.getByLabel('Password').fill('demo')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Compliance', level: 1 }).waitFor()
    expect(await page.title()).toBe('Compliance · tagpol')
    await visit.close()
  })

  test('a link to another site is not followed after signing in', async () => {
    const visit = await stage.page(undefined, undefined, [/401/])
    await visit.page.goto('/sign-in?next=%2F%2Fevil.example')
    await visit.page.getByLabel('Email address').fill('viewer@shop.example')
    await visit.page.getByLabel('Password').fill('demo')
    await visit.page.getByRole('button', { name: 'Sign in' }).click()
    await visit.page.getByRole('heading', { name: 'Hello, Vera' }).waitFor()
    expect(new URL(visit.page.url()).host).toBe(new URL(stage.url).host)
    await visit.close()
  })

  test('flow 1: filter violations, open one, accept a suggestion, undo it', async () => {
    const visit = await stage.page('editor')
    const { page } = visit
    await visit.goto('/resources')
    const count = page.locator('.summary-count')
    const all = await count.textContent()
    await page.getByRole('checkbox', { name: /Violating/ }).check()
    // A page shows what it had until it has what the filter selects.
    await expect.poll(() => count.textContent()).not.toBe(all)
    const violating = await count.textContent()
    await page.getByRole('combobox', { name: 'Filter resources' }).fill('owner is missing')
    await page.keyboard.press('Enter')
    await page.waitForURL(/filter=owner/)
    await expect.poll(() => count.textContent()).not.toBe(violating)
    const before = await count.textContent()
    await page.getByRole('row').nth(1).click()
    const suggestion = page.getByRole('region', { name: 'Suggestion for owner' })
    await suggestion.waitFor()
    await visit.settled()
    await visit.shot('story-panel')
    await visit.audit()
    await suggestion.getByRole('button', { name: 'Accept' }).click()
    await page.getByText(/owner is now .*@shop\.example/).waitFor()
    await page.getByRole('complementary', { name: 'Resource' }).getByText('Confirmed · You').waitFor()
    await expect.poll(() => count.textContent()).not.toBe(before)
    await page.getByRole('button', { name: 'Undo' }).click()
    await expect.poll(() => count.textContent()).toBe(before)
    await visit.close()
  })

  test('flow 1 at the keyboard only', async () => {
    const visit = await stage.page('editor')
    const { page } = visit
    await visit.goto('/resources')
    await page.keyboard.press('/')
    await page.keyboard.type('own')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.keyboard.type('is missing')
    await page.keyboard.press('Enter')
    await page.waitForURL(/filter=owner\+is\+missing/)
    await visit.settled()
    await page.getByRole('grid', { name: 'Resources' }).focus()
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await page.waitForURL(/open=/)
    await page.getByRole('complementary', { name: 'Resource' }).getByRole('heading', { level: 2 }).waitFor()
    await page.locator('.panel [data-accept]').waitFor()
    await page.keyboard.press('a')
    await page.getByText(/is now/).first().waitFor()
    await page.keyboard.press('Escape')
    await page.waitForURL((url) => !url.search.includes('open='))
    await visit.close()
  })

  test('flow 2: all matches of a filter, preview, apply, undo', async () => {
    const visit = await stage.page('editor')
    const { page } = visit
    await visit.goto('/resources?filter=environment+is+missing')
    await page.getByRole('row').nth(1).getByRole('gridcell').first().click()
    await page.getByRole('button', { name: /^Select all/ }).click()
    await page.getByRole('button', { name: 'Change tags…' }).click()
    await page.getByLabel('Tag', { exact: true }).selectOption('environment')
    await page.getByLabel('Value', { exact: true }).selectOption('sandbox')
    await visit.shot('story-bulk-form', false)
    await visit.audit()
    await page.getByRole('button', { name: 'Preview' }).click()
    const apply = page.getByRole('button', { name: /^Apply to/ })
    await apply.waitFor()
    const changed = Number(/Apply to ([\d,]+)/.exec((await apply.textContent()) ?? '')?.[1]?.replace(',', ''))
    await visit.shot('story-bulk-preview', false)
    await visit.audit()
    await apply.click()
    await page.getByText(`${changed} resources changed.`).waitFor()
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByText('Undone. Every resource has the value it had before.').waitFor()
    await page.getByRole('button', { name: 'Close' }).last().click()
    await expect.poll(() => page.locator('.summary-count').textContent()).toContain(`${changed} of 2,000`)
    await visit.close()
  })

  test('flow 3: from an issue to its suggestions, reviewed and accepted, and evaluated again', async () => {
    const visit = await stage.page('editor')
    const { page } = visit
    await visit.goto('/compliance')
    await page.getByRole('button', { name: 'Suggestions… prod-tagging-standard, owner' }).click()
    const drawer = page.getByRole('dialog', { name: 'Suggestions for owner' })
    await drawer.getByRole('checkbox').first().uncheck()
    await visit.shot('story-review', false)
    await visit.audit()
    const button = drawer.getByRole('button', { name: /^Accept/ })
    const count = Number(/[\d,]+/.exec((await button.textContent()) ?? '')?.[0]?.replace(',', ''))
    expect(count).toBe((await drawer.getByRole('checkbox').count()) - 1)
    await button.click()
    await page.getByText(`${count} resources changed.`).waitFor()
    await page.getByRole('button', { name: 'Evaluate now' }).click()
    await page.getByText('The evaluation has started.').waitFor()
    await visit.close()
  })

  test('suggestions are decided on the home page', async () => {
    const visit = await stage.page('editor')
    const { page } = visit
    await visit.goto('/')
    const row = page.getByRole('listitem').filter({ has: page.getByRole('button', { name: /^Accept/ }) }).first()
    const name = (await row.getByRole('link').textContent()) ?? ''
    const reject = row.getByRole('button', { name: /^Reject/ })
    const label = (await reject.textContent()) ?? ''
    await reject.click()
    await page.getByText(/will not be suggested again/).waitFor()
    await expect.poll(() => page.getByRole('listitem').filter({ hasText: name }).filter({ has: page.getByRole('button', { name: label }) }).count()).toBe(0)
    await visit.close()
  })

  test('a value that is not allowed is refused at its field, with what was meant', async () => {
    const visit = await stage.page('editor', undefined, [/422/])
    const { page } = visit
    await visit.goto('/resources?filter=cost-center+is+missing')
    await page.getByRole('row').nth(1).click()
    await page.getByRole('button', { name: 'Edit cost-center' }).click()
    await page.getByRole('textbox', { name: 'cost-center' }).fill('nonsense')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('does not have the form ABC-123').waitFor()
    await visit.settled()
    await visit.audit()
    await page.getByRole('textbox', { name: 'cost-center' }).fill('ENG-014')
    await page.keyboard.press('Enter')
    await page.getByText('cost-center is now ENG-014.').waitFor()
    await visit.close()
  })

  test('two people edit one tag: the second sees what happened, and decides', async () => {
    const visit = await stage.page('editor', undefined, [/412/, /428/])
    const { page } = visit
    await visit.goto('/resources?filter=project+is+missing')
    await page.getByRole('row').nth(1).click()
    await page.getByRole('button', { name: 'Edit project' }).click()
    await page.getByRole('textbox', { name: 'project' }).fill('mine')
    const key = new URL(page.url()).searchParams.get('open')
    const other = await stage.page('admin')
    await other.context.request.put(`/api/v1/virtual-tags/vt_${key}_project`, { data: { value: 'theirs' } })
    await other.close()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Meanwhile Ada Okafor set it to theirs. Your value is not saved yet.').waitFor()
    await visit.audit()
    await page.getByRole('button', { name: 'Replace it with mine' }).click()
    await page.getByText('project is now mine.').waitFor()
    await visit.close()
  })

  test('a session that ends while a form is open costs nothing that was typed', async () => {
    const visit = await stage.page('editor', undefined, [/401/])
    const { page } = visit
    await visit.goto('/resources?filter=project+is+missing')
    await page.getByRole('row').nth(1).click()
    await page.getByRole('button', { name: 'Edit project' }).click()
    await page.getByRole('textbox', { name: 'project' }).fill('kept')
    await visit.context.clearCookies()
    await page.getByRole('button', { name: 'Save' }).click()
    const dialog = page.getByRole('dialog', { name: 'Your session has ended' })
    await dialog.waitFor()
    await visit.audit()
    await dialog.getByLabel('Email address').fill('editor@shop.example')
    await dialog.getByLabel('Password').fill('demo')
    await dialog.getByRole('button', { name: 'Sign in' }).click()
    await dialog.waitFor({ state: 'detached' })
    expect(await page.getByRole('textbox', { name: 'project' }).inputValue()).toBe('kept')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('project is now kept.').waitFor()
    await visit.close()
  })

  test('a server that goes away and comes back', async () => {
    const visit = await stage.page('editor', undefined, [/ERR_FAILED/, /Failed to load/])
    const { page } = visit
    await visit.goto('/resources')
    await page.route('**/api/v1/jobs*', (route) => route.abort())
    await page.getByRole('link', { name: 'Jobs' }).first().click()
    await page.getByText('The server cannot be reached').waitFor({ timeout: 20_000 })
    await visit.audit()
    await visit.shot('state-unreachable')
    await page.unroute('**/api/v1/jobs*')
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByText('snapshot fetch').waitFor()
    await visit.close()
  })

  test('the first evaluation is waited for', async () => {
    const visit = await stage.page('viewer', undefined, [/503/])
    const { page } = visit
    let isReady = false
    const problem = { status: 503, code: 'not-ready', title: 'The inventory is still being evaluated', detail: 'the inventory is still being evaluated' }
    await page.route(/\/api\/v1\/(compliance|resources|facets|suggestions|tag-schema)/, (route) =>
      isReady ? route.continue() : route.fulfill({ status: 503, contentType: 'application/problem+json', json: problem }),
    )
    await page.goto('/')
    await page.getByText('The inventory is still being evaluated.').waitFor()
    await visit.audit()
    isReady = true
    await page.getByRole('heading', { name: 'Fix first' }).waitFor()
    await visit.close()
  })

  test('what a viewer may not do is visible, and says why', async () => {
    const visit = await stage.page('viewer', undefined, [/403/])
    const { page } = visit
    await visit.goto('/settings')
    await page.getByText(/Your role \(Viewer\) does not include this/).first().waitFor()
    await visit.audit()
    await visit.goto('/activity')
    await page.getByText('Your role does not include this').waitFor()
    await visit.audit()
    await visit.shot('state-forbidden')
    await visit.goto('/compliance')
    const recheck = page.getByRole('button', { name: 'Evaluate now' })
    expect(await recheck.getAttribute('aria-disabled')).toBe('true')
    await recheck.click({ force: true })
    expect(await page.getByText('The evaluation has started.').count()).toBe(0)
    await visit.close()
  })

  test('a filter that cannot be read says where and what was meant', async () => {
    const visit = await stage.page('viewer', undefined, [/400/])
    const { page } = visit
    await visit.goto('/resources?filter=ownr+is+missing')
    await page.getByRole('alert').filter({ hasText: 'Did you mean' }).waitFor()
    await visit.audit()
    await visit.shot('state-wrong-filter')
    await page.getByRole('button', { name: 'Clear the filter' }).last().click()
    await page.getByRole('row').nth(1).waitFor()
    await visit.close()
  })

  test('nothing is behind the end of the list', async () => {
    const visit = await stage.page('viewer')
    await visit.goto('/resources')
    expect(await visit.page.evaluate(() => document.documentElement.scrollHeight - window.innerHeight)).toBe(0)
    await visit.close()
  })

  test('a model is rolled back, another one is used, and one is trained', async () => {
    const visit = await stage.page('admin')
    const { page } = visit
    await visit.goto('/insights')
    const row = (id: string) => page.getByRole('row').filter({ hasText: id })
    await row('159cc7ca').getByRole('button', { name: /^Roll back/ }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('84.2% accuracy').waitFor()
    await visit.shot('story-model-rollback', false)
    await visit.audit()
    await dialog.getByRole('button', { name: 'Roll back' }).click()
    await page.getByText('The model is in use.').waitFor()
    await row('159cc7ca').getByText('In use', { exact: true }).waitFor()
    await row('0b1f7c11').getByRole('button', { name: /^Use/ }).click()
    await dialog.getByRole('button', { name: 'Use this model' }).click()
    await row('0b1f7c11').getByText('In use', { exact: true }).waitFor()
    await row('159cc7ca').getByText('In use before').waitFor()
    await page.getByRole('button', { name: 'Train a model' }).click()
    await page.getByText(/A model was trained, and is not used: It is not better/).waitFor()
    await visit.close()
    const viewer = await stage.page('viewer')
    await viewer.goto('/insights')
    const button = viewer.page.getByRole('button', { name: 'Train a model' })
    expect(await button.getAttribute('aria-disabled')).toBe('true')
    expect(await button.getAttribute('title')).toContain('It needs Admin')
    await viewer.close()
  })

  test('the file of an inventory is sent, and what became of it is shown', async () => {
    const visit = await stage.page('admin', LOOKS[2])
    const { page } = visit
    await visit.goto('/settings')
    await page.getByText('Fetched from AWS, GCP').waitFor()
    await page.getByRole('button', { name: 'Upload…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Upload an inventory or a bill' })
    const file = (name: string) => ({ name, mimeType: 'text/csv', buffer: Buffer.from('id\na\n') })
    await dialog.getByLabel('File').setInputFiles(file('bill.xlsx'))
    await dialog.getByRole('alert').getByText(/The name has to end with/).waitFor()
    await dialog.getByLabel('File').setInputFiles(file('Rechnung März.csv'))
    await visit.shot('story-upload', false)
    await visit.audit()
    const [sent] = await Promise.all([page.waitForRequest(/\/snapshots\?name=/), dialog.getByRole('button', { name: 'Upload', exact: true }).click()])
    expect([new URL(sent.url()).searchParams.get('name'), sent.headers()['content-type']]).toEqual(['Rechnung-Marz.csv', 'text/csv'])
    await dialog.getByText('4 resources in the inventory').waitFor()
    await dialog.getByText('1 row could not be read, and is not in it.').waitFor()
    await visit.audit()
    await dialog.getByRole('button', { name: 'Done' }).click()
    await visit.close()
  })

  test('settings show where people sign in, and how long records are kept', async () => {
    const visit = await stage.page('super')
    await visit.goto('/settings')
    await visit.page.getByText('finops: Editor, platform: Super admin').waitFor()
    await visit.page.getByText('90 days').first().waitFor()
    await visit.close()
    const editor = await stage.page('editor')
    await editor.goto('/settings')
    expect(await editor.page.getByText(/Your role \(Editor\) does not include this/).count()).toBeGreaterThan(4)
    await editor.close()
  })

  test('story 5: costs by cost center, into what has none, and its lines as a file', async () => {
    const visit = await stage.page('viewer')
    const { page } = visit
    await visit.goto('/costs')
    await page.getByRole('listitem').filter({ hasText: '(missing)' }).getByRole('button').first().click()
    await page.waitForURL(/path=/)
    await visit.settled()
    const opened = page.getByRole('group', { name: 'Opened values' })
    await opened.getByText('cost-center').waitFor()
    await visit.shot('story-costs')
    await visit.audit()
    const total = (await page.locator('.figure-value').first().textContent())?.replaceAll(',', '')
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      (async () => {
        await page.getByRole('button', { name: 'CSV' }).click()
        await page.getByRole('menuitem', { name: 'Costs by team' }).click()
      })(),
    ])
    const lines = (await readFile(await file.path(), 'utf8')).trim().split('\r\n')
    expect(lines[0]).toBe('cost-center,team,resources,cost,shared,no_resource,currency')
    const sum = lines.slice(1).reduce((all, line) => all + Number(line.split(',')[3]), 0)
    expect(sum.toFixed(2)).toBe(total)
    await page.getByRole('button', { name: 'Months' }).click()
    await page.waitForURL(/period=month/)
    await page.getByRole('combobox', { name: 'Month' }).selectOption('custom')
    await page.getByLabel('First day').fill('2026-10-10')
    await page.getByLabel('Last day').fill('2026-10-12')
    await page.getByRole('button', { name: 'Show', exact: true }).click()
    await page.getByText('Oct 10 – Oct 12').first().waitFor()
    await page.getByRole('button', { name: 'Leave cost-center (missing)' }).click()
    await page.waitForURL((url) => !url.search.includes('path='))
    await visit.close()
  })

  test('costs and compliance as PDF', async () => {
    const visit = await stage.page('viewer')
    const { page } = visit
    for (const path of ['/costs', '/compliance']) {
      await visit.goto(path)
      const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'PDF' }).click()])
      expect(file.suggestedFilename()).toMatch(/^(costs|compliance)-[\w-]+\.pdf$/)
      const bytes = await readFile(await file.path())
      expect(bytes.subarray(0, 5).toString()).toBe('%PDF-')
      expect(bytes.toString('latin1').match(/\/Type \/Page\b/g)?.length).toBeGreaterThanOrEqual(1)
      if (process.env.SHOTS) await file.saveAs(`${process.env.SHOTS}/${path.slice(1)}.pdf`)
    }
    await visit.close()
  })

  test('a view that is shared is there for others, who cannot remove it', async () => {
    const visit = await stage.page('editor', undefined, [/409/])
    const { page } = visit
    await visit.goto('/resources?filter=owner+is+missing')
    const save = async (name: string) => {
      await page.getByRole('button', { name: 'Views' }).click()
      await page.getByRole('menuitem', { name: 'Save this view…' }).click()
      await page.getByLabel('Name').fill(name)
      await page.getByRole('checkbox', { name: /^Share it/ }).check()
      await page.getByRole('button', { name: 'Save', exact: true }).click()
    }
    await save('Without an owner')
    await page.getByText('“Without an owner” is saved for everybody.').waitFor()
    await visit.goto('/resources?filter=team+is+missing')
    await save('Without an owner')
    await page.getByText('There is a view with this name.').waitFor()
    await visit.audit()
    await visit.close()
    const other = await stage.page('viewer')
    await other.goto('/resources')
    await other.page.getByRole('button', { name: 'Views' }).click()
    await other.audit()
    await other.page.getByRole('menuitem', { name: /Without an owner\s+Mira Novak/ }).click()
    await other.page.waitForURL(/filter=owner\+is\+missing/)
    await other.settled()
    await other.page.getByRole('button', { name: 'Views' }).click()
    expect(await other.page.getByRole('menuitem', { name: /^Remove/ }).count()).toBe(0)
    await other.close()
  })

  test('alerts: a channel with a mistake at its field, a test, a rule for its findings, and why a channel stays', async () => {
    const visit = await stage.page('super', undefined, [/422/, /409/])
    const { page } = visit
    await visit.goto('/alerts')
    await page.getByRole('button', { name: 'Add a channel' }).click()
    await page.getByLabel('Name').fill('Data team')
    await page.getByLabel('Kind').selectOption('slack')
    await page.getByLabel('Address of the webhook').fill('nonsense')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByText('The address needs https.').waitFor()
    await visit.audit()
    await page.getByLabel('Address of the webhook').fill('https://hooks.slack.example/x')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByText('The channel is added.').waitFor()
    await page.getByRole('button', { name: 'Test Data team' }).click()
    await page.getByRole('row', { name: /A test message Data team Delivered/ }).waitFor()
    await page.getByRole('button', { name: 'Add a rule' }).click()
    await page.getByLabel('Name').fill('High findings')
    await page.getByLabel('Severity').selectOption('high')
    await page.getByLabel('To', { exact: true }).selectOption('channels')
    await page.getByRole('checkbox', { name: 'Data team' }).check()
    await visit.shot('story-alerts-rule', false)
    await visit.audit()
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByText('High and worse to Data team').waitFor()
    await page.getByRole('button', { name: 'Remove Data team' }).click()
    await page.getByText(/sends to this channel/).waitFor()
    await page.getByRole('button', { name: 'Change Company mail' }).click()
    await page.getByLabel('Password (optional)').waitFor()
    expect(await page.getByLabel('Recipients (optional)').inputValue()).toBe('platform@shop.example')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('The channel is changed.').waitFor()
    await visit.close()
  })

  test('evidence of a framework as a file that another program reads', async () => {
    const visit = await stage.page('admin')
    const { page } = visit
    await visit.goto('/compliance')
    await page.getByText('DATA-118').waitFor()
    await page.getByRole('button', { name: 'Evidence' }).click()
    await visit.audit()
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: 'soc2' }).click()])
    expect(file.suggestedFilename()).toMatch(/^evidence-soc2-\d{4}-\d\d-\d\d\.zip$/)
    const list = execFileSync('python3', ['-m', 'zipfile', '-l', await file.path()]).toString()
    for (const name of ['README.txt', 'controls.csv', 'findings.csv', 'decisions.csv', 'manifest.json']) expect(list).toContain(name)
    await visit.close()
  })

  test('the command palette finds pages and resources', async () => {
    const visit = await stage.page('viewer')
    const { page } = visit
    await visit.goto('/')
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Search resources, pages and commands' }).fill('checkout-stg')
    await page.getByRole('option', { name: /checkout-stg-\d+/ }).first().waitFor()
    await visit.shot('palette', false)
    await visit.audit()
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/resources\/[0-9a-f]{16}/)
    await page.keyboard.press('g')
    await page.keyboard.press('o')
    await page.waitForURL(/\/costs/)
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keyboard' }).waitFor()
    await visit.audit()
    await page.keyboard.press('Escape')
    await visit.close()
  })

  test('people: add one, send the link, change the role', async () => {
    const visit = await stage.page('super', undefined, [/409/])
    const { page } = visit
    await visit.goto('/settings')
    await page.getByRole('button', { name: 'Add a person' }).click()
    await page.getByLabel('Name').fill('Nora Weiss')
    await page.getByLabel('Email address').fill('viewer@shop.example')
    await page.getByRole('radio', { name: /Editor/ }).check()
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByText('There is a user with this address.').waitFor()
    await visit.audit()
    await page.getByLabel('Email address').fill('nora@shop.example')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByRole('dialog', { name: 'Send this link' }).waitFor()
    await page.getByRole('button', { name: 'Done' }).click()
    await page.getByLabel('Role of Nora Weiss').selectOption('admin')
    await page.getByText('Nora Weiss is now Admin.').waitFor()
    await page.getByLabel('Role of Sol Berg').selectOption('viewer')
    await page.getByText('The tenant would have no active user').waitFor()
    await visit.close()
  })
})

describe.skipIf(!CHROMIUM)('sizes', () => {
  test('a list is read on by cursors, and by places where the scroll bar jumps to', async () => {
    const stage = await Stage.open(5_000)
    const visit = await stage.page('viewer')
    const { page } = visit
    const asked: URLSearchParams[] = []
    page.on('request', (request) => {
      const { pathname, searchParams } = new URL(request.url())
      if (pathname === '/api/v1/resources') asked.push(searchParams)
    })
    await visit.goto('/resources')
    const grid = page.getByRole('grid', { name: 'Resources' })
    await grid.focus()
    const last = () => page.locator('[role="row"][aria-rowindex]').evaluateAll((rows) => Math.max(...rows.map((row) => Number(row.getAttribute('aria-rowindex')))))
    await page.keyboard.press('End')
    await expect.poll(last).toBe(5_001)
    await visit.settled()
    expect(asked.some((params) => params.get('offset') === '4900')).toBe(true)
    expect(asked.every((params) => Number(params.get('offset') ?? 4_900) >= 4_800)).toBe(true)
    await page.keyboard.press('Home')
    for (let step = 0; step < 12; step++) await page.keyboard.press('PageDown')
    await expect.poll(() => asked.some((params) => params.has('cursor'))).toBe(true)
    await visit.close()
    await stage.close()
  })

  test('no resources: every page says what is missing', async () => {
    const stage = await Stage.open(0)
    for (const [path, text] of [
      ['/', 'No resources yet'],
      ['/resources', 'The inventory is empty'],
      ['/compliance', 'No open findings'],
      ['/costs', 'No cost data for this selection'],
      ['/insights', 'No model is in use'],
      ['/activity', 'Nothing has happened yet'],
    ] as const) {
      const visit = await stage.page('super')
      await visit.goto(path)
      await visit.page.getByText(text).first().waitFor()
      await visit.shot(`empty-${path.slice(1) || 'home'}`)
      await visit.audit()
      await visit.close()
    }
    await stage.close()
  })

  test('a million resources: the last one can be reached, and no row is skipped', async () => {
    const stage = await Stage.open(1_000_000)
    const visit = await stage.page('viewer')
    const { page } = visit
    await page.goto('/resources')
    await page.getByRole('row').nth(1).waitFor()
    const grid = page.getByRole('grid', { name: 'Resources' })
    expect(await grid.getAttribute('aria-rowcount')).toBe('1000001')
    const seen = () => page.locator('[role="row"][aria-rowindex]').evaluateAll((rows) => rows.map((row) => Number(row.getAttribute('aria-rowindex'))))
    await page.evaluate(() => {
      const long: number[] = []
      new PerformanceObserver((list) => long.push(...list.getEntries().map((entry) => entry.duration))).observe({ type: 'longtask' })
      ;(window as unknown as { long: number[] }).long = long
    })
    await grid.hover()
    let last = Math.max(...(await seen()))
    for (let step = 0; step < 20; step++) {
      await page.mouse.wheel(0, 300)
      await page.waitForTimeout(30)
      const rows = await seen()
      expect(Math.min(...rows.filter((row) => row > 1)), 'a row was skipped').toBeLessThanOrEqual(last)
      last = Math.max(...rows)
    }
    const long = await page.evaluate(() => (window as unknown as { long: number[] }).long)
    console.log(`long tasks while scrolling: ${long.length === 0 ? 'none' : long.join(', ')} ms`)
    await grid.focus()
    await page.keyboard.press('End')
    await expect.poll(async () => Math.max(...(await seen()))).toBe(1_000_001)
    await page.getByText('no data').or(page.locator('.grid-row .cell-cost')).last().waitFor()
    await page.keyboard.press('Home')
    await expect.poll(async () => Math.min(...(await seen()).filter((row) => row > 1))).toBe(2)
    await visit.close()
    await stage.close()
  }, 120_000)
})
