// Signs in with the link of a server (first argument), changes a tag on the page of a resource, and reads it again after a
// reload. Prints what it saw as one JSON object; any violation of the content security policy is an error.
import { chromium } from 'playwright-core'

const [link, executablePath] = process.argv.slice(2)
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
const errors = []
try {
  const page = await browser.newPage()
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
  page.on('pageerror', (error) => errors.push(String(error)))
  await page.goto(link)
  await page.getByRole('heading', { name: '4 resources' }).waitFor()
  const rows = await page.getByRole('row').count()
  const address = page.url()
  await page.getByRole('link', { name: 'shop-db' }).click()
  await page.getByText('Compliance: violating').waitFor()
  await page.getByLabel('value of owner').fill('ann@example.com')
  await page.getByRole('row', { name: 'owner' }).getByRole('button', { name: 'Save' }).click()
  await page.getByText('Compliance: compliant').waitFor()
  await page.reload()
  await page.getByText('Compliance: compliant').waitFor()
  const value = await page.getByLabel('value of owner').inputValue()
  const storage = await page.evaluate(() => document.cookie)
  console.log(JSON.stringify({ rows, address, value, storage, errors }))
} finally {
  await browser.close()
}
