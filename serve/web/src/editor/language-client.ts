/** The language server of the project over a WebSocket: requests, notifications, and documents that survive a lost connection. */

/** What the server calls the folder of the project. */
const ROOT = 'file:///project/'

/** Pauses before connecting again, in milliseconds. */
const PAUSES = [500, 1_000, 2_000, 5_000, 10_000]

export interface Position {
  line: number
  character: number
}

export interface Range {
  start: Position
  end: Position
}

export interface TextEdit {
  range: Range
  newText: string
}

export interface Diagnostic {
  range: Range
  severity?: 1 | 2 | 3 | 4
  code?: string
  message: string
}

export interface CodeAction {
  title: string
  kind?: string
  isPreferred?: boolean
  edit?: { changes?: Record<string, TextEdit[]>; documentChanges?: { textDocument: { uri: string }; edits: TextEdit[] }[] }
  disabled?: { reason: string }
}

/** Why there are no answers, or that there are some. */
export type Connection = 'connecting' | 'ready' | 'lost' | 'refused'

export class LanguageError extends Error {
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

interface Open {
  text: string
  version: number
}

interface Waiting {
  resolve: (result: unknown) => void
  reject: (error: Error) => void
}

interface Message {
  id?: number | string
  method?: string
  params?: unknown
  result?: unknown
  error?: { code: number; message: string }
}

export const uriOf = (path: string): string => ROOT + path.split('/').map(encodeURIComponent).join('/')

export const pathOf = (uri: string): string => (uri.startsWith(ROOT) ? uri.slice(ROOT.length).split('/').map(decodeURIComponent).join('/') : uri)

const CAPABILITIES = {
  general: { positionEncodings: ['utf-16'] },
  textDocument: {
    completion: { completionItem: { snippetSupport: false, documentationFormat: ['markdown'] } },
    hover: { contentFormat: ['markdown'] },
    codeAction: { codeActionLiteralSupport: { codeActionKind: { valueSet: ['quickfix', 'refactor'] } } },
    publishDiagnostics: { versionSupport: true },
  },
}

/** What requests wait for until the server can be asked. */
class Gate {
  isOpen = false
  readonly opened: Promise<void>
  private resolve: () => void = () => {}

  constructor() {
    this.opened = new Promise((resolve) => {
      this.resolve = resolve
    })
  }

  open(): void {
    this.isOpen = true
    this.resolve()
  }
}

export class LanguageClient {
  private socket: WebSocket | undefined
  private next = 1
  private attempts = 0
  private retry: ReturnType<typeof setTimeout> | undefined
  private hasEnded = false
  private readonly waiting = new Map<number, Waiting>()
  private readonly open = new Map<string, Open>()
  /** Resolved when the server is ready. */
  private ready = new Gate()

  constructor(
    private readonly listeners: {
      onConnection: (state: Connection) => void
      onDiagnostics: (path: string, diagnostics: Diagnostic[]) => void
    },
  ) {
    this.connect()
  }

  /** Ends the connection for good. */
  end(): void {
    this.hasEnded = true
    clearTimeout(this.retry)
    this.socket?.close()
  }

  /** Sets the text of a file, as the person has it now. */
  update(path: string, text: string): void {
    const found = this.open.get(path)
    if (found?.text === text) return
    const version = (found?.version ?? 0) + 1
    this.open.set(path, { text, version })
    if (!this.isOpen()) return
    const uri = uriOf(path)
    if (found) this.send({ method: 'textDocument/didChange', params: { textDocument: { uri, version }, contentChanges: [{ text }] } })
    else this.sendOpen(path)
  }

  /** Takes what is on disk for a file again. */
  close(path: string): void {
    if (this.open.delete(path) && this.isOpen()) this.send({ method: 'textDocument/didClose', params: { textDocument: { uri: uriOf(path) } } })
  }

  /**
   * Asks the server, once it is ready.
   * @throws {LanguageError} if it cannot answer, and if the connection is lost meanwhile.
   */
  async request<T>(method: string, params: unknown, signal?: AbortSignal): Promise<T> {
    await this.ready.opened
    return this.ask<T>(method, params, signal)
  }

  private ask<T>(method: string, params: unknown, signal?: AbortSignal): Promise<T> {
    const id = this.next++
    const answer = new Promise<unknown>((resolve, reject) => this.waiting.set(id, { resolve, reject }))
    signal?.addEventListener('abort', () => this.send({ method: '$/cancelRequest', params: { id } }))
    this.send({ id, method, params })
    return answer as Promise<T>
  }

  private isOpen(): boolean {
    return this.socket?.readyState === WebSocket.OPEN
  }

  private send(message: Message): void {
    if (this.isOpen()) this.socket?.send(JSON.stringify({ jsonrpc: '2.0', ...message }))
  }

  private connect(): void {
    // A connection that was lost stays so until there is another one.
    if (this.attempts === 0) this.listeners.onConnection('connecting')
    const { protocol, host } = location
    const socket = new WebSocket(`${protocol === 'https:' ? 'wss:' : 'ws:'}//${host}/lsp`)
    this.socket = socket
    socket.onopen = () => void this.begin()
    socket.onmessage = (event) => this.receive(JSON.parse(String(event.data)) as Message)
    socket.onclose = () => this.lost()
  }

  private async begin(): Promise<void> {
    try {
      await this.ask('initialize', { capabilities: CAPABILITIES })
    } catch {
      return
    }
    this.send({ method: 'initialized', params: {} })
    for (const path of this.open.keys()) this.sendOpen(path)
    this.attempts = 0
    this.ready.open()
    this.listeners.onConnection('ready')
  }

  private sendOpen(path: string): void {
    const found = this.open.get(path)
    if (found) this.send({ method: 'textDocument/didOpen', params: { textDocument: { uri: uriOf(path), languageId: 'tagpol', ...found } } })
  }

  private lost(): void {
    for (const { reject } of this.waiting.values()) reject(new LanguageError(0, 'The connection to the server was lost.'))
    this.waiting.clear()
    if (this.ready.isOpen) this.ready = new Gate()
    if (this.hasEnded) return
    this.listeners.onConnection('lost')
    const pause = PAUSES[Math.min(this.attempts++, PAUSES.length - 1)]
    this.retry = setTimeout(() => this.connect(), pause)
  }

  private receive(message: Message): void {
    if (message.method === 'textDocument/publishDiagnostics') {
      const { uri, diagnostics } = message.params as { uri: string; diagnostics: Diagnostic[] }
      this.listeners.onDiagnostics(pathOf(uri), diagnostics)
    } else if (message.method !== undefined) {
      // The server asks for nothing that this editor has to answer, but waits for an answer.
      if (message.id !== undefined) this.send({ id: message.id, result: null })
    } else if (typeof message.id === 'number') {
      const waiting = this.waiting.get(message.id)
      this.waiting.delete(message.id)
      if (message.error) waiting?.reject(new LanguageError(message.error.code, message.error.message))
      else waiting?.resolve(message.result)
    }
  }
}
