/** The dashboard in front of `tagpol serve` with the example project. What a page shows must come from the real interface. */
import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { address } from '../../src/api/client'
import type { Facet, TagDefinition } from '../../src/api/types'
import { conditionOfFacets } from '../../src/lib/condition'
import { LOOKS } from './harness'
import { IS_REAL, RealServer } from './real'

/** The properties of each schema in generated types, without their descriptions. */
function schemas(text: string): Map<string, string[]> {
  const part = text.slice(text.indexOf('    schemas: {'), text.indexOf('    responses: {'))
  const found = new Map<string, string[]>()
  for (const [, name = '', body = ''] of part.matchAll(/^ {8}(\w+): \{\n([\s\S]*?)^ {8}\};/gm)) {
    found.set(name, body.split('\n').map((line) => line.trim()).filter((line) => /^[\w"]+\??: /.test(line)))
  }
  return found
}

describe.skipIf(!IS_REAL)('the real server', () => {
  let server: RealServer

  beforeAll(async () => {
    server = await RealServer.start({ example: 'quickstart' })
  })
  afterAll(() => server?.close())

  test('story 1: the first administrator signs in with the link, once, and chooses a password', async () => {
    const visit = await server.firstVisit()
    const { page } = visit
    await page.goto('/resources')
    await page.getByRole('row').nth(1).waitFor({ timeout: 20_000 })
    await visit.goto('/settings')
    await page.getByLabel('New password').fill('correct horse battery')
    await page.getByRole('button', { name: 'Change the password' }).click()
    await page.getByText('The password is changed.').waitFor()
    await visit.close()
    const again = await server.stage.page(undefined, LOOKS[0], [/401/])
    await again.page.goto(`/sign-in${new URL(server.link).hash}`)
    await again.page.getByRole('button', { name: 'Continue' }).click()
    await again.page.getByRole('alert').filter({ hasText: /link/ }).waitFor()
    await again.close()
  })

  test('story 2: a tag set in the list is decided, in the timeline, in the audit trail, and on the command line', async () => {
    // The refused value is a request that failed, which browsers report.
    const visit = await server.admin(LOOKS[0], [/422/])
    const { page } = visit
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
    await visit.goto('/activity?action=tag')
    await page.getByText('“asked the team”').waitFor()
    await page.getByRole('button', { name: 'Verify' }).click()
    await page.getByText(/All are as they were written/).waitFor()
    await visit.close()
    expect(server.run('tags', 'history', '--project', server.folder)).toContain('platform@shop.example')
  })

  test('two people edit one tag: the second sees what happened while typing, and decides', async () => {
    const visit = await server.admin(LOOKS[0], [/412/, /428/])
    const { page } = visit
    await visit.goto('/resources?filter=team+is+missing')
    await page.getByRole('row').nth(1).click()
    await page.getByRole('button', { name: 'Edit team' }).click()
    await page.getByRole('textbox', { name: 'team' }).fill('mine')
    const key = new URL(page.url()).searchParams.get('open')
    const other = await server.person('editor', 'Otto Other')
    const answer = await other.visit.context.request.put(`/api/v1/virtual-tags/vt_${key}_team`, { data: { value: 'theirs' } })
    expect(answer.status()).toBe(200)
    await other.visit.close()
    // Nobody has saved yet: the page follows what happens.
    await page.getByText('Meanwhile Otto Other set it to theirs.').waitFor()
    await page.getByRole('button', { name: 'Replace it with mine' }).click()
    await page.getByText('team is now mine.').waitFor()
    await visit.close()
  })

  test('a list follows what others decide', async () => {
    const visit = await server.admin()
    const { page } = visit
    await visit.goto('/resources?filter=team+is+missing')
    const count = page.locator('.summary-count strong')
    const before = Number(await count.textContent())
    const listed = await visit.context.request.get(address('resources', { where: 'team is missing', limit: 1 }))
    const key = ((await listed.json()) as { items: { key: string }[] }).items[0]?.key
    await visit.context.request.put(`/api/v1/virtual-tags/vt_${key}_team`, { data: { value: 'payments' } })
    await expect.poll(() => count.textContent().then(Number)).toBe(before - 1)
    await visit.close()
  })

  test('a question is answered with facts, and a proposed policy opens in the editor', async () => {
    const visit = await server.admin()
    const { page } = visit
    await visit.goto('/ask')
    await page.getByRole('button', { name: 'What should we fix first?' }).click()
    await page.getByText('Answered without a language model.').waitFor()
    await page.getByLabel('Question').fill('Propose a policy that requires owner in production')
    await page.keyboard.press('Enter')
    await page.getByText(/^With the proposal, /).waitFor()
    await visit.settled()
    await visit.audit()
    await page.getByRole('button', { name: 'Open in policies…' }).click()
    await page.getByText('proposed.tagpol').first().waitFor()
    await visit.goto('/ask')
    await page.getByRole('heading', { name: 'What should we fix first?' }).waitFor()
    await visit.close()
  })

  test('every value of every facet is a condition that selects exactly its resources', async () => {
    const visit = await server.admin()
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
    test(`pages, ${look.theme}, ${look.width}`, async () => {
      const visit = await server.admin(look)
      for (const path of ['/', '/resources', '/compliance', '/activity', '/jobs', '/settings', '/costs', '/ask']) {
        await visit.goto(path)
        await visit.shot(`real-${path.slice(1) || 'home'}-${look.theme}-${look.width}`)
        await visit.audit()
      }
      await visit.close()
    })
  }

  test('story 8: roles decide what is possible, tenants are apart, and an erased person is nowhere', async () => {
    const { visit: viewer, id } = await server.person('viewer', 'Greta Unusual', [/403/, /404/])
    await viewer.goto('/resources')
    await viewer.page.getByRole('row').nth(1).click()
    expect(await viewer.page.getByRole('button', { name: 'Edit owner' }).getAttribute('aria-disabled')).toBe('true')
    await viewer.goto('/settings')
    await viewer.page.getByText(/Your role \(Viewer\) does not include this/).first().waitFor()
    // An id of another tenant is like one that is not there.
    await viewer.goto('/resources/0123456789abcdef')
    await viewer.page.getByRole('heading', { name: /not there|not found|no resource/i }).or(viewer.page.getByText(/there is no resource/i)).first().waitFor()
    const admin = await server.admin()
    const { page } = admin
    await admin.goto('/settings')
    await page.getByRole('button', { name: 'Add a tenant' }).click()
    await page.getByLabel('Name').fill('Second shop')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByText('Second shop is added.').waitFor()
    await page.getByRole('button', { name: 'Actions for Greta Unusual' }).click()
    await page.getByRole('menuitem', { name: 'Erase the person…' }).click()
    await admin.audit()
    await page.getByRole('button', { name: 'Erase', exact: true }).click()
    const done = page.getByRole('dialog', { name: 'The person is erased' })
    await done.getByText(/^Everything shows Erased person/).waitFor()
    await admin.audit()
    await done.getByRole('button', { name: 'Done' }).click()
    await admin.goto('/activity')
    for (const path of ['/api/v1/users', '/api/v1/audit-trail', `/api/v1/users/${id}`]) {
      expect(await (await admin.context.request.get(path)).text(), path).not.toMatch(/unusual/i)
    }
    expect(await page.locator('main').textContent()).not.toMatch(/unusual/i)
    await admin.close()
    expect((await viewer.context.request.get('/api/v1/auth/me')).status()).toBe(401)
    await viewer.context.close()
  })

  test('story 9: a server that is killed while somebody types comes back, and nothing is lost', async () => {
    const visit = await server.admin(LOOKS[0], [/502|503|Failed to load|ERR_/])
    const { page } = visit
    await visit.goto('/resources?filter=owner+is+missing')
    await page.getByRole('row').nth(1).click()
    await page.getByRole('button', { name: 'Edit owner' }).click()
    await page.getByRole('textbox', { name: 'owner' }).fill('ops@shop.example')
    await server.kill()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('alert').filter({ hasText: /cannot be reached|status 502/ }).waitFor()
    await server.restart()
    await expect.poll(async () => (await fetch(`${server.url}/readyz`)).status, { timeout: 20_000 }).toBe(200)
    expect(await page.getByRole('textbox', { name: 'owner' }).inputValue()).toBe('ops@shop.example')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('owner is now ops@shop.example.').waitFor()
    const scraped = await (await fetch(`${server.url}/metrics`)).text()
    expect(scraped).toMatch(/^http_requests_total\{/m)
    await visit.goto('/activity')
    await page.getByRole('button', { name: 'Verify' }).click()
    await page.getByText(/All are as they were written/).waitFor()
    await visit.close()
  })

  test('story 7: who changed what, as a file, and a changed row breaks the chain visibly', async () => {
    const visit = await server.admin()
    const { page } = visit
    await visit.goto('/activity?action=tag')
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'CSV' }).click()])
    const lines = (await readFile(await file.path(), 'utf8')).trim().split('\r\n')
    expect(lines[0]).toBe('seq,timestamp,performed_by,name,action,object,tag,old,new,note,hash')
    expect(lines.some((line) => line.includes('asked the team'))).toBe(true)
    expect(lines.slice(1).every((line) => line.split(',')[4]?.startsWith('tag.'))).toBe(true)
    const change = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute(\"update serve_audit set action = 'tag.unset' where seq = (select max(seq) - 1 from serve_audit)\"); db.commit()"
    execFileSync('python3', ['-c', change, join(server.folder, '.tagpol/state.db')])
    await page.getByRole('button', { name: 'Verify' }).click()
    await page.getByText(/Entry \d+ is not as it was written/).waitFor()
    await visit.audit()
    await visit.close()
  })
})
