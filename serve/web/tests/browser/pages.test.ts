/** Every page in both themes at two widths: axe finds nothing, nothing scrolls sideways, the console stays empty. */
import { afterAll, beforeAll, describe, test } from 'vitest'
import { CHROMIUM, LOOKS, Stage } from './harness'

const PAGES: [string, string][] = [
  ['home', '/'],
  ['resources', '/resources'],
  ['resource', '/resources/$first'],
  ['compliance', '/compliance'],
  ['costs', '/costs'],
  ['ask', '/ask'],
  ['insights', '/insights'],
  ['graph', '/graph'],
  ['policies', '/policies'],
  ['alerts', '/alerts'],
  ['activity', '/activity'],
  ['jobs', '/jobs'],
  ['settings', '/settings'],
]

describe.skipIf(!CHROMIUM)('pages', () => {
  let stage: Stage
  let first: string
  beforeAll(async () => {
    stage = await Stage.open(2_000)
    const visit = await stage.page('viewer')
    const response = await visit.context.request.get('/api/v1/resources?limit=1')
    first = ((await response.json()) as { items: { key: string }[] }).items[0]?.key ?? ''
    await visit.close()
  })
  afterAll(() => stage.close())

  // Both themes and both widths in two runs; `ALL_LOOKS=1` takes all four.
  for (const look of process.env.ALL_LOOKS ? LOOKS : LOOKS.filter((one) => (one.theme === 'light') === one.width > 1000)) {
    for (const [name, path] of PAGES) {
      test(`${name}, ${look.theme}, ${look.width}`, async () => {
        const visit = await stage.page('super', look)
        await visit.goto(path.replace('$first', first))
        await visit.shot(`${name}-${look.theme}-${look.width}`)
        await visit.audit()
        await visit.close()
      })
    }
    test(`sign-in, ${look.theme}, ${look.width}`, async () => {
      const visit = await stage.page(undefined, look, [/401/])
      await visit.goto('/sign-in')
      await visit.shot(`sign-in-${look.theme}-${look.width}`)
      await visit.audit()
      await visit.close()
    })
  }
})
