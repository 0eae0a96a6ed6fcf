/** Values as nobody wants them, in everything that a page shows: they stay texts, and no page breaks. */
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LOOKS, type Visit } from './harness'
import { IS_REAL, RealServer } from './real'

const MARK = 'hostile'

/** Each would do something if it were markup, a script, an address, a formula or a direction. */
const HOSTILE = [
  `<img src=x onerror="document.title='${MARK}'">`,
  `"><script>document.title='${MARK}'</script>`,
  `<svg onload=document.title='${MARK}'>`,
  `javascript:document.title='${MARK}'`,
  `{{constructor.constructor("document.title='${MARK}'")()}}`,
  '=HYPERLINK("https://evil.example","click")',
  '+1+cmd|\' /C calc\'!A0',
  '@SUM(1+1)*cmd',
  '\u202Egnp.exe\u202C and \u2066isolated\u2069',
  'عربى مع English داخل النص',
  // In the form that the inventory keeps texts in.
  'e\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301 Zalgo'.normalize('NFC'),
  'zero\u200B\u200Bwidth\u200D',
  '𝔘𝔫𝔦𝔠𝔬𝔡𝔢 👩‍👩‍👧‍👦 🏳️‍🌈',
  'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft',
  'x'.repeat(250),
  `${'lang und '.repeat(25)}länger`,
  '../../../etc/passwd',
  "'; DROP TABLE serve_audit; --",
  '`backticks` and **stars** and [a link](javascript:alert(1))',
  'null',
  '%00%0a%0d&quot;&#x3C;',
] as const

const POLICIES = `
tag owner: text
tag team: text
tag environment: text

policy everything-is-owned {
  severity high
  require owner else "<b onmouseover=document.title='${MARK}'>write</b> the owner of ${HOSTILE[13]}"
}

policy environments {
  severity low
  require environment
}
`

/** A resource for each value, which it has in its name, id, type, account, region and tags. Every third lacks an owner. */
function inventory(): string {
  const lines = HOSTILE.map((value, n) =>
    JSON.stringify({
      id: `${value}/${n}`,
      name: value,
      type: value,
      provider: 'aws',
      account: value,
      region: value,
      created: '2026-11-01T00:00:00Z',
      monthly_cost: String(10 + n),
      currency: 'USD',
      tags: { ...(n % 3 === 0 ? {} : { owner: value }), team: value, environment: HOSTILE[(n + 5) % HOSTILE.length] },
    }),
  )
  return `${lines.join('\n')}\n`
}

/** Fails if anything ran, or became an element, an address or a style. */
async function expectInert({ page }: Visit): Promise<void> {
  expect(await page.title()).not.toBe(MARK)
  const found = await page.evaluate(() => ({
    elements: document.querySelectorAll('#root img, #root script, #root iframe, #root b[onmouseover], svg[onload]').length,
    handlers: [...document.querySelectorAll('#root *')].filter((one) => [...one.attributes].some(({ name }) => name.startsWith('on'))).length,
    addresses: [...document.querySelectorAll<HTMLAnchorElement>('a[href]')].filter((one) => !['http:', 'https:'].includes(one.protocol) || one.host !== location.host).map((one) => one.href),
  }))
  expect(found).toEqual({ elements: 0, handlers: 0, addresses: [] })
}

describe.skipIf(!IS_REAL)('hostile values', () => {
  let server: RealServer
  let keys: string[]

  beforeAll(async () => {
    server = await RealServer.start({ files: { 'tagpol.toml': 'name = "hostile"\npolicies = "."\ninventory = ["list.ndjson"]\n', 'policies.tagpol': POLICIES, 'list.ndjson': inventory() } })
    await server.prepare()
    const visit = await server.admin()
    const { request } = visit.context
    const listed = (await (await request.get('/api/v1/resources?limit=500')).json()) as { items: { key: string; resource_name: string; resource_id: string }[] }
    keys = listed.items.map((one) => one.key)
    expect(listed.items.map((one) => one.resource_name).toSorted()).toEqual([...HOSTILE].toSorted())
    // The same in what people write: names of people, views, reasons and tokens.
    for (const value of HOSTILE.slice(0, 5)) {
      await request.post('/api/v1/users', { data: { email: `p${HOSTILE.indexOf(value)}@shop.example`, name: value, role: 'viewer' } })
      await request.post('/api/v1/views', { data: { name: value, query: 'filter=x', shared: true } })
      await request.post('/api/v1/tokens', { data: { name: value, role: 'viewer' } })
    }
    for (const [n, value] of HOSTILE.slice(0, 8).entries()) {
      const answer = await request.post('/api/v1/virtual-tags/apply', { data: { resources: [`${value}/${n}`], changes: [{ action: 'set', key: 'owner', value }], note: value } })
      expect(answer.status()).toBe(200)
    }
    await visit.close()
  }, 120_000)
  afterAll(() => server?.close())

  for (const look of LOOKS.filter((one) => (one.theme === 'dark') === one.width < 1000)) {
    test(`every page shows them as texts, ${look.theme}, ${look.width}`, async () => {
      const visit = await server.admin(look)
      const pages = ['/', '/resources', '/compliance', '/costs', '/insights', '/graph', '/policies', '/alerts', '/activity', '/jobs', '/settings', `/resources?filter=${encodeURIComponent(HOSTILE[0])}`]
      for (const path of pages) {
        await visit.goto(path)
        await visit.shot(`hostile-${path.slice(1, 12) || 'home'}-${look.width}`)
        await expectInert(visit)
        await visit.audit()
      }
      await visit.close()
    }, 180_000)
  }

  test('the page of each resource shows them as texts', async () => {
    const visit = await server.admin({ theme: 'light', width: 390 })
    for (const key of keys) {
      await visit.goto(`/resources/${key}`)
      await expectInert(visit)
      await visit.expectNoOverflow()
    }
    await visit.shot('hostile-resource-390')
    await visit.audit()
    await visit.close()
  }, 120_000)

  test('no cell of a file begins a formula', async () => {
    const visit = await server.admin()
    const { page } = visit
    const exported = await (await visit.context.request.get('/api/v1/exports?format=csv')).text()
    await visit.goto('/activity')
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'CSV' }).click()])
    const activity = await readFile(await file.path(), 'utf8')
    for (const text of [exported, activity]) {
      expect(text).toContain('HYPERLINK')
      expect(text.match(/(^|,|\n)"?[=+@][^,\n]*/g)).toBeNull()
    }
    await visit.close()
  })
})
