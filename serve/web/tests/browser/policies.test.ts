/** The editor of policies in front of a made-up language server; `real.test.ts` has it in front of the real one. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CHROMIUM, LOOKS, Stage } from './harness'

describe.skipIf(!CHROMIUM)('policies', () => {
  let stage: Stage
  beforeAll(async () => {
    stage = await Stage.open(100)
  })
  afterAll(() => stage.close())

  test('story 6: a mistake is shown while typing, and its fix is applied; impact and tests before anything is saved', async () => {
    const visit = await stage.page('admin')
    const { page } = visit
    await visit.goto('/policies?file=policies%2Fpolicies.tagpol')
    const text = page.getByRole('textbox', { name: 'Text of policies/policies.tagpol' })
    await text.click()
    await page.keyboard.press('Control+End')
    await page.keyboard.type('\n// productoin')
    await page.getByText('`environment` has no value `productoin`').first().waitFor()
    await page.getByRole('button', { name: /policies\.tagpol policies\/ 1 error changed/ }).waitFor()
    await visit.shot('story-policies-mistake')
    await visit.audit()
    await page.getByRole('button', { name: /^Error `environment`/ }).click()
    await page.locator('.cm-lintRange-error').first().hover()
    await page.getByRole('button', { name: 'Change to `production`' }).click()
    await page.getByText('No errors and no warnings.').waitFor()
    await text.getByText('// production', { exact: true }).waitFor()
    await text.click()
    await page.keyboard.press('Control+Home')
    await page.keyboard.type('// require environment\n')
    await page.getByRole('button', { name: 'Compare' }).click()
    await page.getByText('86.0% → 81.0%').waitFor()
    await page.getByText('production-is-owned/environment').waitFor()
    await text.click()
    await page.keyboard.type('// and more')
    await page.getByText('The text has changed since. Compare again.').waitFor()
    await page.getByRole('button', { name: 'Run all' }).click()
    await page.getByText('production is owned').waitFor()
    await visit.shot('story-policies-impact')
    await visit.audit()
    // Nothing that was typed is lost by a reload.
    await page.reload()
    await page.getByRole('textbox', { name: 'Text of policies/policies.tagpol' }).getByText('// require environment').waitFor()
    await page.getByRole('button', { name: 'Undo all changes' }).click()
    await expect.poll(() => page.getByText('// require environment').count()).toBe(0)
    await visit.close()
  })

  test('a change is shown with its effect before it is saved, and whoever was slower sees that it has become another one', async () => {
    const visit = await stage.page('admin', undefined, [/412/])
    const { page } = visit
    await visit.goto('/policies?file=policies%2Fpolicies.tagpol')
    await page.getByRole('textbox', { name: 'Text of policies/policies.tagpol' }).click()
    await page.keyboard.type('// require environment\n')
    await page.getByRole('button', { name: 'Save…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Save 1 file' })
    await dialog.getByText('production-is-owned/environment').waitFor()
    await visit.shot('story-policies-save', false)
    await visit.audit()
    const other = await stage.page('super')
    const made = await other.context.request.post('/api/v1/changes', { data: { files: [{ path: 'policies/other.tagpol', text: '// by somebody else\n' }] } })
    const { id, revision } = (await made.json()) as { id: string; revision: string }
    await other.context.request.post(`/api/v1/changes/${id}/apply`, { headers: { 'if-match': `"${revision}"` }, data: {} })
    await other.close()
    await dialog.getByRole('button', { name: 'Save', exact: true }).click()
    await dialog.getByText('The policies have changed since the change was examined.').waitFor()
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('button', { name: 'Save…' }).click()
    await dialog.getByLabel('Reason (optional)').fill('asked for by audit')
    await dialog.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('The policies are saved.').waitFor()
    await page.getByRole('button', { name: 'Save…' }).and(page.locator('[aria-disabled="true"]')).waitFor()
    await page.getByText('policies/policies.tagpol', { exact: true }).nth(1).waitFor()
    await visit.close()
  })

  test('a link has texts that are not saved, for others to look at', async () => {
    const visit = await stage.page('admin')
    const { page } = visit
    await visit.goto('/policies?file=policies%2Fpolicies.tagpol')
    await page.getByRole('textbox', { name: 'Text of policies/policies.tagpol' }).click()
    await page.keyboard.type('// shared by link\n')
    await page.getByRole('button', { name: 'Share…' }).click()
    const link = await page.getByRole('textbox', { name: 'Link' }).inputValue()
    await visit.audit()
    await visit.close()
    const other = await stage.page('super')
    await other.goto(new URL(link).pathname + new URL(link).hash)
    await other.page.getByText('These texts are from a link. Nothing is saved.').waitFor()
    await other.page.getByRole('textbox', { name: 'Text of policies/policies.tagpol' }).getByText('// shared by link').waitFor()
    await other.page.getByRole('button', { name: /policies\.tagpol policies\/ changed/ }).waitFor()
    await other.goto('/policies#try=nonsense')
    await other.page.getByText('The link is damaged').waitFor()
    await other.close()
  })

  test('offers and explanations while typing', async () => {
    const visit = await stage.page('admin')
    const { page } = visit
    await visit.goto('/policies')
    const text = page.getByRole('textbox', { name: 'Text of policies/tags.tagpol' })
    await text.click()
    await page.keyboard.press('Control+End')
    await page.keyboard.type('\nst')
    // A key that is pressed as the list opens belongs to the text, so that the offer is clicked.
    await page.getByRole('option', { name: /staging/ }).click()
    await text.getByText('staging', { exact: true }).waitFor()
    await text.getByText('environment').first().hover()
    await page.getByText('Stage of the life cycle.', { exact: true }).waitFor()
    await visit.shot('story-policies-hover', false)
    await visit.close()
  })

  test('a new file needs a name that a policy file can have', async () => {
    const visit = await stage.page('admin', LOOKS[2])
    const { page } = visit
    await visit.goto('/policies')
    await page.getByRole('button', { name: 'New file' }).click()
    const path = page.getByLabel('Path in the project')
    for (const [wrong, problem] of [
      ['policies/tags.tagpol', 'There is a file with this name.'],
      ['../x.tagpol', 'Use letters, digits'],
      ['x.txt', 'ends with .tagpol'],
    ] as const) {
      await path.fill(wrong)
      await page.getByRole('button', { name: 'Add', exact: true }).click()
      await page.getByText(problem).waitFor()
    }
    await visit.audit()
    await path.fill('policies/more.tagpol')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByRole('textbox', { name: 'Text of policies/more.tagpol' }).waitFor()
    await page.getByRole('button', { name: 'Discard' }).click()
    await expect.poll(() => page.getByRole('button', { name: /more\.tagpol/ }).count()).toBe(0)
    await visit.close()
  })

  test('who may not edit policies sees why', async () => {
    const visit = await stage.page('editor')
    await visit.goto('/policies')
    await visit.page.getByText('Policies are for administrators').waitFor()
    await visit.audit()
    await visit.close()
  })

  test('a connection that is lost costs nothing that was typed', async () => {
    const visit = await stage.page('admin')
    const { page } = visit
    let connections = 0
    await page.routeWebSocket(/\/lsp$/, (socket) => {
      connections += 1
      socket.onMessage((text) => {
        const message = JSON.parse(String(text)) as { id?: number; method?: string }
        if (connections === 1 && message.method === 'textDocument/didChange') void socket.close({ code: 1011 })
        else if (message.id !== undefined) socket.send(JSON.stringify({ jsonrpc: '2.0', id: message.id, result: {} }))
      })
    })
    await visit.goto('/policies')
    const text = page.getByRole('textbox', { name: 'Text of policies/tags.tagpol' })
    await text.click()
    await page.keyboard.type('// kept')
    await page.getByText('The connection to the language server was lost.').waitFor()
    await expect.poll(() => connections).toBe(2)
    await page.getByText('The connection to the language server was lost.').waitFor({ state: 'detached' })
    await text.getByText('// kept').waitFor()
    await visit.close()
  })

  test('two people change one file: the second sees that it was saved, and decides which text stays', async () => {
    const visit = await stage.page('admin')
    const { page } = visit
    await visit.goto('/policies?file=policies%2Ftags.tagpol')
    const text = page.getByRole('textbox', { name: 'Text of policies/tags.tagpol' })
    await text.click()
    await page.keyboard.type('// mine\n')
    const other = await stage.page('super')
    const save = async (content: string) => {
      const made = await other.context.request.post('/api/v1/changes', { data: { files: [{ path: 'policies/tags.tagpol', text: content }] } })
      const { id, revision } = (await made.json()) as { id: string; revision: string }
      await other.context.request.post(`/api/v1/changes/${id}/apply`, { headers: { 'if-match': `"${revision}"` }, data: {} })
    }
    await save('// theirs\n')
    await page.getByText('Somebody else has saved this file').waitFor()
    expect(await page.getByRole('button', { name: 'Save…' }).getAttribute('aria-disabled')).toBe('true')
    await visit.audit()
    await page.getByRole('button', { name: 'Keep mine' }).click()
    await page.getByText('Somebody else has saved this file').waitFor({ state: 'detached' })
    await text.getByText('// mine').waitFor()
    await save('// theirs, again\n')
    await page.getByRole('button', { name: 'Take the saved text' }).click()
    await text.getByText('// theirs, again').waitFor()
    // What is not changed here follows the server.
    await save('// theirs, at last\n')
    await text.getByText('// theirs, at last').waitFor()
    await other.close()
    await visit.close()
  })
})
