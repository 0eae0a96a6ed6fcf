/** Servers of the program at `TAGPOL_BINARY`, which the dashboard is tested in front of. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { CHROMIUM, type Look, LOOKS, Stage, type Visit } from './harness'

const BINARY = process.env.TAGPOL_BINARY
const PASSWORD = 'correct horse battery'

/** Whether there is a program and a browser. Tests are skipped without them. */
export const IS_REAL = Boolean(CHROMIUM && BINARY)

/** A server of a project, and the dashboard in front of it. */
export class RealServer {
  stage!: Stage
  url = ''
  /** What the first administrator opens. */
  link = ''
  private child: ChildProcess | undefined
  private output = ''

  private constructor(
    /** A folder of its own, which is removed at the end. */
    readonly root: string,
    readonly folder: string,
    private readonly options: string[],
  ) {}

  /** Starts a server of a copy of an example, of files, of a folder as it is, or of a demonstration. */
  static async start(project: { example: string } | { files: Record<string, string> } | { folder: string } | 'demo', options: string[] = []): Promise<RealServer> {
    const root = await mkdtemp(join(tmpdir(), 'tagpol-dashboard-'))
    const folder = typeof project === 'object' && 'folder' in project ? project.folder : join(root, 'project')
    if (project === 'demo') options = ['--demo', ...options]
    else if ('example' in project) await cp(resolve('../../examples', project.example), folder, { recursive: true })
    else if ('files' in project) {
      await mkdir(folder)
      for (const [name, text] of Object.entries(project.files)) await writeFile(join(folder, name), text)
    }
    const server = new RealServer(root, folder, options)
    await server.spawn('127.0.0.1:0')
    server.stage = await Stage.open(server.url)
    return server
  }

  /** Runs the program until it serves. */
  private async spawn(listen: string): Promise<void> {
    this.output = ''
    const child = spawn(BINARY ?? '', ['serve', this.folder, '--listen', listen, ...this.options], { stdio: ['ignore', 'pipe', 'pipe'], cwd: this.root })
    this.child = child
    await new Promise<void>((done, fail) => {
      const read = (chunk: Buffer) => {
        this.output += chunk.toString()
        const link = /https?:\/\/[^\s/]+\/sign-in#\S+/.exec(this.output)?.[0]
        const url = /^serving .* at (https?:\/\/\S+)$/m.exec(this.output)?.[1]
        if (link) this.link = link
        if (url) {
          this.url = url
          done()
        }
      }
      child.stdout?.on('data', read)
      child.stderr?.on('data', read)
      child.once('exit', (code) => fail(new Error(`the server ended with ${code}:\n${this.output}`)))
    })
  }

  /** Runs a command of the program to its end. */
  run(...words: string[]): string {
    return execFileSync(BINARY ?? '', words, { encoding: 'utf8' })
  }

  /** Ends the server without a warning, as a crash does. */
  async kill(): Promise<void> {
    const child = this.child
    const ended = new Promise((done) => child?.on('exit', done))
    child?.kill('SIGKILL')
    await ended
  }

  /** Starts it again at the same address. */
  async restart(): Promise<void> {
    await this.spawn(new URL(this.url).host)
  }

  /** Opens the link of the first administrator, and waits until pages have something to show. */
  async firstVisit(look?: Look): Promise<Visit> {
    const visit = await this.stage.page(undefined, look, [/401/, /503/])
    await visit.page.goto(`/sign-in${new URL(this.link).hash}`)
    await visit.page.getByRole('button', { name: 'Continue' }).click()
    await visit.page.getByRole('navigation', { name: 'Pages' }).waitFor()
    return visit
  }

  /** Gives the first administrator a password, and waits until the project is evaluated. */
  async prepare(): Promise<void> {
    const visit = await this.firstVisit()
    const { request } = visit.context
    await request.put('/api/v1/auth/password', { data: { new: PASSWORD } })
    for (let tries = 0; tries < 300 && !(await request.get('/api/v1/resources?limit=1')).ok(); tries++) await new Promise((done) => setTimeout(done, 100))
    await visit.context.close()
  }

  /** A page of the first administrator. */
  async admin(look: Look | undefined = LOOKS[0], expected: RegExp[] = []): Promise<Visit> {
    const visit = await this.stage.page(undefined, look, expected)
    const answer = await visit.context.request.post('/api/v1/auth/login', { data: { email: 'admin@localhost', password: PASSWORD } })
    if (!answer.ok()) throw new Error(`${answer.status()}: ${await answer.text()}`)
    return visit
  }

  /** A page of a new person with a role. Returns the id as well. */
  async person(role: 'viewer' | 'editor' | 'admin', name: string, expected: RegExp[] = []): Promise<{ visit: Visit; id: string }> {
    const admin = await this.admin()
    const added = await admin.context.request.post('/api/v1/users', { data: { email: `${name.toLowerCase().replaceAll(' ', '.')}@shop.example`, name, role } })
    const { id, link } = (await added.json()) as { id: string; link: string }
    await admin.close()
    const visit = await this.stage.page(undefined, LOOKS[0], expected)
    await visit.context.request.post('/api/v1/auth/login', { data: { link: link.split('#')[1] } })
    return { visit, id }
  }

  async close(): Promise<void> {
    await this.stage?.close()
    const { child } = this
    if (child && child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((done) => child.once('exit', done))
      child.kill()
      // What it still writes would come into a folder that is being removed.
      await Promise.race([ended, new Promise((done) => setTimeout(done, 10_000))])
      child.kill('SIGKILL')
    }
    await rm(this.root, { recursive: true, force: true, maxRetries: 10 })
  }
}
