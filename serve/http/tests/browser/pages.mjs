// Signs in with the link of a server (first argument), changes a tag on the page of a resource, and reads it again after a
// reload. Then it goes to the next page of the list, sets a password, and follows the used link. Prints what it saw as one
// JSON object; any violation of the content security policy is an error.
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
  await page.getByRole('heading', { name: '124 resources' }).waitFor()
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
  const scrolls = []
  for (const path of ['/', new URL(page.url()).pathname]) {
    await page.goto(new URL(path, address).href)
    await page.getByRole('heading').waitFor()
    for (const width of [390, 1440]) {
      await page.setViewportSize({ width, height: 800 })
      scrolls.push(await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth))
    }
  }
  await page.goto(address)
  await page.getByRole('link', { name: 'Next page' }).click()
  await page.getByRole('link', { name: 'extra-119' }).waitFor()
  const next = await page.getByRole('row').count()
  await page.getByRole('link', { name: 'Password' }).click()
  await page.getByLabel('New password').fill('correct horse battery')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('heading', { name: '124 resources' }).waitFor()
  const seen = [...errors]
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await page.goto(link)
  await page.getByRole('alert').waitFor()
  await page.getByLabel('Email').fill('admin@localhost')
  await page.getByLabel('Password').fill('correct horse battery')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: '124 resources' }).waitFor()
  console.log(JSON.stringify({ rows, address, value, storage, scrolls, next, errors: seen }))
} finally {
  await browser.close()
}
