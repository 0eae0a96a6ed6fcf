/** Story 4 with a mail server: one digest for each owner, whose link leads to what is theirs, until it is resolved. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { IS_REAL, RealServer } from './real'

const PEERS = '../notify/tests/peers'

const POLICIES = `tag environment: one of [production, staging]
tag owner: email
tag team: text

policy has-team {
  severity high
  for resource where environment == production
  require team else "write the name of the team"
}
`

const INVENTORY = `id,name,type,provider,account,region,monthly_cost,currency,tag:environment,tag:owner,tag:team
a-1,ann-web,ec2:instance,aws,111,eu-1,100,USD,production,ann@example.com,
a-2,ann-db,rds:db,aws,111,eu-1,2,USD,production,ann@example.com,
b-1,bob-web,ec2:instance,aws,222,eu-1,30,USD,production,bob@example.com,
s-1,fine,ec2:instance,aws,222,eu-1,50,USD,staging,ann@example.com,
`

interface Mail {
  to: string
  recipients: string[]
  text: string
}

/** The text of a mail without its encoding. */
const plain = (mail: Mail) => mail.text.replaceAll('\r\n', '\n').replaceAll('=\n', '').replaceAll('=3D', '=')

describe.skipIf(!IS_REAL || !existsSync(`${PEERS}/node_modules`))('alerts', () => {
  let server: RealServer
  let peers: ChildProcess
  let receiver: { http: number; mail: number; authority: string }

  const mails = async (to: string): Promise<string[]> => {
    const received = (await (await fetch(`http://localhost:${receiver.http}/received`)).json()) as Mail[]
    return received.filter((one) => one.to === 'mail' && one.recipients.includes(to)).map(plain)
  }

  beforeAll(async () => {
    peers = spawn('node', ['receiver.mjs'], { cwd: PEERS, stdio: ['pipe', 'pipe', 'ignore'] })
    receiver = await new Promise((done) => peers.stdout?.once('data', (line: Buffer) => done(JSON.parse(line.toString()) as typeof receiver)))
    const files = { 'tagpol.toml': 'name = "shop"\ninventory = ["list.csv"]\n', 'shop.tagpol': POLICIES, 'list.csv': INVENTORY, 'serve.toml': 'outgoing = ["127.0.0.0/8", "::1"]\n' }
    server = await RealServer.start({ files }, ['--config', 'project/serve.toml'])
    await server.prepare()
  })
  afterAll(async () => {
    await server?.close()
    peers?.kill()
  })

  test('flow 3, story 4: an alert leads an owner to her findings, which she fixes, and it is resolved', async () => {
    const admin = await server.admin()
    const config = { host: 'localhost', port: receiver.mail, encryption: 'starttls', login: { user: 'tagpol', password: 'right' }, from: 'tagpol <tagpol@example.com>', to: ['ops@example.com'], authority: receiver.authority }
    const added = await admin.context.request.post('/api/v1/channels', { data: { name: 'Mail', kind: 'email', config } })
    expect(added.status(), await added.text()).toBe(201)
    await admin.goto('/alerts')
    await admin.page.getByRole('button', { name: 'Add a rule' }).click()
    await admin.page.getByLabel('Name').fill('Owners')
    await admin.page.getByLabel('To', { exact: true }).selectOption('owners')
    await admin.page.getByRole('button', { name: 'Add', exact: true }).click()
    await admin.page.getByText(/to each owner by Mail/).waitFor()
    await expect.poll(() => mails('ann@example.com').then((all) => all.length), { timeout: 30_000 }).toBe(1)
    await expect.poll(() => mails('bob@example.com').then((all) => all.length)).toBe(1)
    const [text = ''] = await mails('ann@example.com')
    expect(text).toContain('ann-db')
    expect(text).not.toContain('bob-web')

    const { visit } = await server.person('editor', 'Ann Owner')
    const { page } = visit
    const link = new URL(/https?:\/\/\S+\/resources\?\S+/.exec(text)?.[0] ?? '')
    await visit.goto(`${link.pathname}${link.search}`)
    await page.getByText('ann-db').waitFor()
    expect(await page.getByText('bob-web').count()).toBe(0)
    expect(await page.getByRole('grid', { name: 'Resources' }).getAttribute('aria-rowcount')).toBe('3')
    await page.getByRole('row').nth(1).getByRole('gridcell').first().click()
    await page.getByRole('button', { name: /^Select all|^Change tags/ }).first().waitFor()
    await page.getByRole('row').nth(2).getByRole('gridcell').first().click()
    await page.getByRole('button', { name: 'Change tags…' }).click()
    await page.getByLabel('Tag', { exact: true }).selectOption('team')
    await page.getByLabel('Value', { exact: true }).fill('web')
    await page.getByRole('button', { name: 'Preview' }).click()
    await page.getByRole('button', { name: 'Apply to 2 resources' }).click()
    await page.getByText('2 resources changed.').waitFor()
    await page.getByRole('button', { name: 'Close' }).last().click()
    await visit.goto('/compliance')
    await page.getByRole('button', { name: 'Evaluate now' }).click()
    await page.getByText('The evaluation has started.').waitFor()
    await visit.close()

    await expect.poll(() => mails('ann@example.com').then((all) => all.at(-1)), { timeout: 30_000 }).toMatch(/resolved/)
    await admin.goto('/alerts')
    await admin.page.getByText(/everything resolved/).first().waitFor({ timeout: 30_000 })
    await admin.audit()
    await admin.close()
  })
})
