/**
 * The dashboard in front of `tagpol serve` with the example project: `TAGPOL_BINARY` is the program, and the tests are
 * skipped without it. What a page shows must come from the real interface.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { address } from '../../src/api/client'
import type { Facet, TagDefinition } from '../../src/api/types'
import { conditionOfFacets } from '../../src/lib/condition'
import { CHROMIUM, LOOKS, Stage, type Visit } from './harness'

const BINARY = process.env.TAGPOL_BINARY
const EXAMPLE = resolve('../../examples/quickstart')
const PASSWORD = 'correct horse battery'

/** Starts a server, and returns its address and the link for the first administrator. */
async function start(folder: string, ...options: string[]): Promise<{ process: ChildProcess; url: string; link: string }> {
  const child = spawn(BINARY ?? '', ['serve', folder, '--listen', '127.0.0.1:0', ...options], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  return new Promise((done, fail) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString()
      const link = /https?:\/\/[^\s/]+\/sign-in#\S+/.exec(output)?.[0]
      if (link) done({ process: child, url: new URL(link).origin, link })
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    child.on('exit', (code) => fail(new Error(`the server ended with ${code}:\n${output}`)))
  })
}

/** The properties of each schema in generated types, without their descriptions. */
function schemas(text: string): Map<string, string[]> {
  const part = text.slice(text.indexOf('    schemas: {'), text.indexOf('    responses: {'))
  const found = new Map<string, string[]>()
  for (const [, name = '', body = ''] of part.matchAll(/^ {8}(\w+): \{\n([\s\S]*?)^ {8}\};/gm)) {
    found.set(name, body.split('\n').map((line) => line.trim()).filter((line) => /^[\w"]+\??: /.test(line)))
  }
  return found
}

describe.skipIf(!CHROMIUM || !BINARY)('the real server', () => {
  let folder: string
  let server: Awaited<ReturnType<typeof start>>
  let stage: Stage
  let visit: Visit
  let email: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tagpol-dashboard-'))
    await cp(EXAMPLE, folder, { recursive: true })
    server = await start(folder)
    stage = await Stage.open(server.url)
  })
  afterAll(async () => {
    await stage?.close()
    server?.process.kill()
    await rm(folder, { recursive: true, force: true })
  })

  test('story 1: the first administrator signs in with the link, once, and chooses a password', async () => {
    visit = await stage.page(undefined, undefined, [/401/, /503/])
    const { page } = visit
    await page.goto(`/sign-in${new URL(server.link).hash}`)
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('navigation', { name: 'Pages' }).waitFor()
    await page.goto('/resources')
    await page.getByRole('row').nth(1).waitFor({ timeout: 20_000 })
    await visit.goto('/settings')
    await page.getByLabel('New password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Change the password' }).click()
    await page.getByText('The password is changed.').waitFor()
    const users = await visit.context.request.get('/api/v1/users')
    email = ((await users.json()) as { items: { email: string }[] }).items[0]?.email ?? ''
    await visit.close()
  })

  async function signedIn(look = LOOKS[0], expected: RegExp[] = []): Promise<Visit> {
    const next = await stage.page(undefined, look, expected)
    await next.context.request.post('/api/v1/auth/login', { data: { email, password: PASSWORD } })
    return next
  }

  test('story 2: a tag set in the list is decided, in the timeline, and in the audit trail', async () => {
    // The refused value is a request that failed, which browsers report.
    const { page } = (visit = await signedIn(LOOKS[0], [/422/]))
    await visit.goto('/resources?filter=owner+is+missing')
    await page.getByRole('row').nth(1).click()
    await page.getByRole('button', { name: 'Edit owner' }).click()
    await page.getByRole('textbox', { name: 'owner' }).fill('nobody')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('alert').filter({ hasText: 'nobody' }).waitFor()
    await page.getByRole('textbox', { name: 'owner' }).fill('platform@shop.example')
    await page.getByLabel('Reason').fill('asked the team')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('owner is now platform@shop.example.').waitFor()
    const panel = page.getByRole('complementary', { name: 'Resource' })
    await panel.getByText('Set by hand · You').waitFor()
    await panel.getByRole('heading', { level: 2 }).getByRole('link').click()
    await page.getByText('“asked the team”').waitFor()
    await page.reload()
    await page.getByText('platform@shop.example').first().waitFor()
    await visit.goto('/activity')
    await page.getByText('“asked the team”').waitFor()
    await page.getByRole('button', { name: 'Verify' }).click()
    await page.getByText(/All are as they were written/).waitFor()
    await visit.close()
  })

  test('two people edit one tag: the second sees what happened, and decides', async () => {
    const { page } = (visit = await signedIn(LOOKS[0], [/412/, /428/]))
    await visit.goto('/resources?filter=team+is+missing')
    await page.getByRole('row').nth(1).click()
    await page.getByRole('button', { name: 'Edit team' }).click()
    await page.getByRole('textbox', { name: 'team' }).fill('mine')
    const key = new URL(page.url()).searchParams.get('open')
    const other = await signedIn()
    const answer = await other.context.request.put(`/api/v1/virtual-tags/vt_${key}_team`, { data: { value: 'theirs' } })
    expect(answer.status()).toBe(200)
    await other.close()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Meanwhile You set it to theirs.').waitFor()
    await page.getByRole('button', { name: 'Replace it with mine' }).click()
    await page.getByText('team is now mine.').waitFor()
    await visit.close()
  })

  test('story 3: all matches of a filter get a value, and get it taken back', async () => {
    const { page } = (visit = await signedIn())
    await visit.goto('/resources')
    const all = Number((await page.locator('.summary-count strong').textContent())?.replace(',', ''))
    await page.getByRole('row').nth(1).getByRole('gridcell').first().click()
    await page.getByRole('button', { name: /^Select all/ }).click()
    await page.getByRole('button', { name: 'Change tags…' }).click()
    await page.getByLabel('Tag', { exact: true }).selectOption('owner')
    await page.getByLabel('Value', { exact: true }).fill('everything@shop.example')
    await page.getByRole('button', { name: 'Preview' }).click()
    await page.getByRole('button', { name: `Apply to ${all} resources` }).click()
    await page.getByText(`${all} resources changed.`).waitFor()
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByText('Undone. Every resource has the value it had before.').waitFor()
    await page.getByRole('button', { name: 'Close' }).last().click()
    await visit.goto('/resources?filter=everything')
    await page.getByText('No resource matches').waitFor()
    await visit.close()
  })

  test('every value of every facet is a condition that selects exactly its resources', async () => {
    visit = await signedIn()
    const get = async (path: string) => (await visit.context.request.get(path)).json() as Promise<{ items: never[]; total?: number; detail?: string }>
    const tags: TagDefinition[] = (await get('/api/v1/tag-schema')).items
    const facets: Facet[] = (await get('/api/v1/facets')).items
    let checked = 0
    for (const facet of facets) {
      if (['compliance', 'severity', 'policy', 'tag-source'].includes(facet.name)) continue
      for (const { value, resources } of facet.values.slice(0, 8)) {
        const where = conditionOfFacets({ [facet.name]: [value] }, tags) ?? ''
        const page = await get(address('resources', { where, limit: 1 }))
        expect([where, page.detail, page.total]).toEqual([where, undefined, resources])
        checked += 1
      }
    }
    expect(checked).toBeGreaterThan(20)
    await visit.close()
  })

  test('the OpenAPI document still has everything that the types of the dashboard have', async () => {
    const document = (await (await fetch(`${server.url}/api/openapi.json`)).json()) as OpenAPI3
    const made = schemas(astToString(await openapiTS(document)))
    const committed = schemas(await readFile('src/api/openapi.d.ts', 'utf8'))
    expect(committed.size).toBeGreaterThan(50)
    const gone = [...committed].flatMap(([name, lines]) => lines.filter((line) => !made.get(name)?.includes(line)).map((line) => `${name}: ${line}`))
    expect(gone, 'run `npm run api`, and look at what changed').toEqual([])
  })

  for (const look of process.env.ALL_LOOKS ? LOOKS : LOOKS.slice(0, 1)) {
    for (const path of ['/', '/resources', '/compliance', '/activity', '/jobs', '/settings', '/costs']) {
      test(`${path}, ${look.theme}, ${look.width}`, async () => {
        visit = await signedIn(look)
        await visit.goto(path)
        await visit.shot(`real-${path.slice(1) || 'home'}-${look.theme}-${look.width}`)
        await visit.audit()
        await visit.close()
      })
    }
  }
})

describe.skipIf(!CHROMIUM || !BINARY)('the demonstration', () => {
  let folder: string
  let server: Awaited<ReturnType<typeof start>>
  let stage: Stage

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tagpol-demo-'))
    server = await start(join(folder, 'demo'), '--demo')
    stage = await Stage.open(server.url)
  }, 300_000)
  afterAll(async () => {
    await stage?.close()
    server?.process.kill()
    await rm(folder, { recursive: true, force: true })
  })

  test('from the link to an accepted suggestion, with nothing but what is on the screen', async () => {
    const began = Date.now()
    const visit = await stage.page(undefined, undefined, [/401/, /503/])
    const { page } = visit
    await page.goto(`/sign-in${new URL(server.link).hash}`)
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('button', { name: /^Accept/ }).first().click({ timeout: 60_000 })
    await page.getByText(/ is now /).first().waitFor()
    console.log(`from the link to an accepted suggestion: ${((Date.now() - began) / 1000).toFixed(1)} s`)
    const password = await visit.context.request.put('/api/v1/auth/password', { data: { new: PASSWORD } })
    expect(password.status()).toBe(204)
    await visit.settled()
    await visit.shot('demo-home')
    await visit.audit()
    for (const [path, text] of [
      ['/resources', /320/],
      ['/compliance', 'Last 30 days'],
      ['/costs', 'Trend by project'],
      ['/graph', 'cost-center'],
      ['/policies', 'policies.tagpol'],
      ['/activity', 'confirmed'],
      ['/jobs', 'Schedules'],
      ['/settings', 'People'],
    ] as const) {
      await visit.goto(path)
      await page.getByText(text).first().waitFor()
      await visit.shot(`demo-${path.slice(1)}`)
      await visit.audit()
    }
    await visit.close()
  })

  test('story 6: the language server of the project finds a mistake, runs the tests, and compares what is typed', async () => {
    const visit = await stage.page(undefined)
    const { page } = visit
    await visit.context.request.post('/api/v1/auth/login', { data: { email: 'admin@localhost', password: PASSWORD } })
    await visit.goto('/policies?file=policies%2Fpolicies.tagpol')
    const text = page.getByRole('textbox', { name: 'Text of policies/policies.tagpol' })
    await text.click()
    await page.keyboard.press('Control+End')
    await page.keyboard.type('\npolicy new-one {\nseverity low\nrequire ownr\n')
    await page.getByRole('button', { name: /^Error .*ownr/ }).first().waitFor()
    await visit.shot('demo-policies-mistake')
    await page.locator('.cm-lintRange-error').first().hover()
    await page.getByRole('button', { name: /owner/ }).first().click()
    await page.getByText('No errors and no warnings.').waitFor()
    await page.getByRole('button', { name: 'Run all' }).click()
    await page.getByText(/3 tests/).waitFor({ timeout: 60_000 })
    await page.getByRole('button', { name: 'Compare' }).click()
    await page.getByText(/^new-one\//).waitFor({ timeout: 60_000 })
    await visit.shot('demo-policies-impact')
    await visit.audit()
    await visit.close()
  }, 180_000)
})
