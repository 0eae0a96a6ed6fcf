/** A browser in front of the built dashboard. Console errors and violations of the Content-Security-Policy fail a test. */
import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Server } from 'node:http'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { expect } from 'vitest'
import { proxy, proxyUpgrades, startServer } from '../../mock/dist-server.ts'
import { languageServer } from '../../mock/language-server.ts'
import { mockServer } from '../../mock/server.ts'

export type RoleName = 'viewer' | 'editor' | 'admin' | 'super'

export interface Look {
  theme: 'light' | 'dark'
  width: number
}

export const LOOKS: Look[] = [
  { theme: 'light', width: 1440 },
  { theme: 'dark', width: 1440 },
  { theme: 'light', width: 390 },
  { theme: 'dark', width: 390 },
]

/** Where Chromium is. undefined: there is none, and the tests are skipped. */
export const CHROMIUM = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => path && existsSync(path))

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

export class Stage {
  private constructor(
    readonly url: string,
    private readonly server: Server,
    private readonly browser: Browser,
    private readonly isMock: boolean,
  ) {}

  /** Opens the dashboard in front of the mock with a number of resources, or of a server at an address. */
  static async open(behind: number | string): Promise<Stage> {
    const { url, server } = await startServer(typeof behind === 'number' ? mockServer(behind) : proxy(behind))
    if (typeof behind === 'string') proxyUpgrades(server, behind)
    const browser = await chromium.launch({ executablePath: CHROMIUM ?? '', args: ['--no-sandbox', '--disable-dev-shm-usage'] })
    return new Stage(url, server, browser, typeof behind === 'number')
  }

  async close(): Promise<void> {
    await this.browser.close()
    this.server.closeAllConnections()
    this.server.close()
  }

  /** A page of a person who is signed in. `expected` are console errors that a test provokes. */
  async page(role: RoleName | undefined, look: Look = { theme: 'light', width: 1440 }, expected: RegExp[] = []): Promise<Visit> {
    const context = await this.browser.newContext({
      baseURL: this.url,
      colorScheme: look.theme,
      viewport: { width: look.width, height: look.width < 500 ? 844 : 900 },
      reducedMotion: 'reduce',
      bypassCSP: false,
    })
    if (this.isMock) {
      await context.routeWebSocket(/\/lsp$/, (socket) => {
        const answer = languageServer()
        socket.onMessage((text) => answer(String(text)).forEach((reply) => socket.send(reply)))
      })
    }
    if (role) await context.request.post('/api/v1/auth/login', { data: { email: `${role}@shop.example`, password: 'demo' } })
    return Visit.start(context, await context.newPage(), expected)
  }
}

export class Visit {
  private readonly problems: string[] = []

  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
  ) {}

  static async start(context: BrowserContext, page: Page, expected: RegExp[]): Promise<Visit> {
    const visit = new Visit(context, page)
    const report = (text: string) => {
      if (!expected.some((pattern) => pattern.test(text))) visit.problems.push(text)
    }
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') report(`${message.text()} (${message.location().url})`)
    })
    page.on('pageerror', (error) => report(String(error)))
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => console.error(`Content-Security-Policy: ${event.violatedDirective} ${event.blockedURI}`))
    })
    return visit
  }

  /** Opens a page and waits until nothing is loading. */
  async goto(path: string): Promise<void> {
    await this.page.goto(path)
    await this.settled()
  }

  async settled(): Promise<void> {
    await this.page.waitForLoadState('networkidle')
    await this.page.waitForFunction(() => document.querySelector('[aria-busy="true"], .skeleton') === null)
  }

  /** Fails if axe finds something, or if the page is wider than the window. */
  async audit(): Promise<void> {
    await this.page.evaluate(await readFile(axe, 'utf8'))
    const found = await this.page.evaluate(async () => {
      const { axe } = window as unknown as { axe: { run: (root: Document, options: object) => Promise<{ violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[] }> } }
      const { violations } = await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
      return violations.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => `${node.html.slice(0, 160)} ${node.failureSummary ?? ''}`).join(' | ')}`)
    })
    expect(found).toEqual([])
    await this.expectNoOverflow()
  }

  /** Fails if the page is wider than the window, and names what is. */
  async expectNoOverflow(): Promise<void> {
    const wide = await this.page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement
      if (scrollWidth <= clientWidth) return []
      // A text can be wider than its element.
      const isWide = (one: Element) => one.getBoundingClientRect().left + Math.max(one.scrollWidth, one.clientWidth) > clientWidth + 1
      const behind = [...document.querySelectorAll('body *')].filter(isWide)
      return [`${scrollWidth - clientWidth} pixels`, ...behind.slice(-6).map((one) => `${one.tagName.toLowerCase()}.${one.getAttribute('class') ?? ''} ${one.textContent?.slice(0, 40) ?? ''}`)]
    })
    expect(wide, 'the page scrolls sideways').toEqual([])
  }

  /** Keeps a picture if `SHOTS` names a folder. */
  async shot(name: string, full = true): Promise<void> {
    const folder = process.env.SHOTS
    if (!folder) return
    await mkdir(folder, { recursive: true })
    await this.page.screenshot({ path: `${folder}/${name}.png`, fullPage: full })
  }

  async close(): Promise<void> {
    await this.context.close()
    expect(this.problems).toEqual([])
  }
}
