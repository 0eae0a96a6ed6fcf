/** A project without an inventory, as `tagpol init` leaves it: from the first page to its first findings. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LOOKS } from './harness'
import { IS_REAL, RealServer } from './real'

const POLICIES = 'tag owner: email\n\npolicy everything-is-owned {\n  severity high\n  require owner else "write the email address of the owner"\n}\n'

const LIST = 'id,name,type,monthly_cost,currency,tag:owner\ni-1,api,vm,12.50,USD,ann@shop.example\ni-2,db,vm,80,USD,\n'

describe.skipIf(!IS_REAL)('a project without an inventory', () => {
  let server: RealServer

  beforeAll(async () => {
    server = await RealServer.start({ files: { 'tagpol.toml': 'name = "empty"\n', 'policies.tagpol': POLICIES } })
  })
  afterAll(() => server?.close())

  test('the first page takes a file, and then shows what is wrong', async () => {
    const visit = await server.firstVisit(LOOKS[0])
    const { page } = visit
    await page.getByRole('heading', { name: 'No resources yet' }).waitFor()
    await visit.shot('empty-home', false)
    await visit.audit()
    await page.getByRole('button', { name: 'Upload…' }).click()
    const dialog = page.getByRole('dialog')
    const send = async (name: string, text: string) => {
      await dialog.getByLabel('File').setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(text) })
      await dialog.getByRole('button', { name: 'Upload', exact: true }).click()
    }
    // A file that cannot be read says why, and another one can be chosen.
    await send('broken.json', '[1, 2')
    await dialog.getByText('broken.json was not read').waitFor({ timeout: 60_000 })
    await visit.shot('empty-refused', false)
    await dialog.getByRole('button', { name: 'Choose another file' }).click()
    await send('list.csv', LIST)
    await dialog.getByText('2 resources in the inventory').waitFor({ timeout: 60_000 })
    await dialog.getByRole('button', { name: 'Done' }).click()
    await page.getByText('Write the email address of the owner').waitFor({ timeout: 30_000 })
    await page.goto('/settings')
    await page.getByRole('row').filter({ hasText: 'Shown' }).waitFor()
    expect(await page.getByText(/^No model/).count()).toBe(0)
    await page.goto('/insights')
    await page.getByRole('heading', { name: 'No model is in use' }).waitFor()
    await visit.audit()
    await visit.close()
  }, 180_000)
})
