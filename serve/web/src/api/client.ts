import type { ProblemBody } from './types'

/** A request that the server refused, or that never reached it (`status` 0). */
export class Problem extends Error {
  readonly body: ProblemBody

  constructor(body: ProblemBody) {
    super(body.detail || body.title)
    this.name = 'Problem'
    this.body = body
  }

  get status(): number {
    return this.body.status
  }

  get code(): string {
    return this.body.code
  }

  /** Whether the same request may succeed later. */
  get isTemporary(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 502
  }
}

type Params = Record<string, string | number | boolean | null | undefined>

interface RequestOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  params?: Params
  body?: unknown
  etag?: string
  signal?: AbortSignal
}

/** Called when a session has ended, so that the sign-in form opens over what the person was doing. */
let onSignedOut: () => void = () => {}

export function whenSignedOut(listener: () => void): void {
  onSignedOut = listener
}

export function address(path: string, params: Params = {}): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(params)) {
    if (value !== undefined && value !== null && value !== '') search.set(name, String(value))
  }
  const query = search.toString()
  return `/api/v1/${path}${query ? `?${query}` : ''}`
}

/**
 * Makes a request.
 * @throws {Problem} for every response that is not a success.
 */
export async function request<T>(path: string, options: RequestOptions = {}): Promise<T> {
  const response = await send(path, options, 'application/json')
  if (response.status === 204) return undefined as T
  const read = (await response.json()) as T
  return withHeaders(read, response.headers)
}

/**
 * Makes a request whose response goes on: the texts of its events, as they come.
 * @throws {Problem} for every response that is not a success.
 */
export async function requestStream(path: string, options: RequestOptions): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const response = await send(path, options, 'text/event-stream')
  return response.body ?? new ReadableStream({ start: (controller) => controller.close() })
}

async function send(path: string, options: RequestOptions, accept: string): Promise<Response> {
  const { method = 'GET', params, body, etag, signal } = options
  const headers: Record<string, string> = { accept }
  if (body !== undefined) headers['content-type'] = 'application/json'
  if (etag) headers['if-match'] = etag
  if (method === 'POST') headers['idempotency-key'] = crypto.randomUUID()
  let response: Response
  try {
    response = await fetch(address(path, params), {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      credentials: 'same-origin',
      signal: signal ?? null,
    })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new Problem({
      status: 0,
      code: 'unreachable',
      title: 'The server cannot be reached',
      detail: 'The server cannot be reached. Nothing that you typed is lost.',
    })
  }
  if (!response.ok) throw refused(path, response.status, await response.text().catch(() => ''))
  return response
}

/** Adds what headers have to the body: `etag`, and the cursor of the next page as `next`. */
function withHeaders<T>(body: T, headers: Headers): T {
  if (!body || typeof body !== 'object' || Array.isArray(body)) return body
  const etag = headers.get('etag')
  const next = nextCursor(headers.get('link'))
  return { ...body, ...(etag ? { etag } : {}), ...(next ? { next } : {}) }
}

/** Returns the cursor in `</api/v1/resources?cursor=…>; rel="next"`. */
export function nextCursor(link: string | null): string | undefined {
  const target = link?.split(',').find((one) => /rel="?next"?/.test(one))
  const address = target && /<([^>]*)>/.exec(target)?.[1]
  return (address && new URL(address, 'http://localhost').searchParams.get('cursor')) || undefined
}

/** Returns the problem of a response, and opens the sign-in form if the session has ended. */
export function refused(path: string, status: number, text: string): Problem {
  const problem = readProblem(status, text)
  if (status === 401 && !path.startsWith('auth/')) onSignedOut()
  return problem
}

/** Reads what the server wrote about a refused request. A proxy in front of it may have written something else. */
function readProblem(status: number, text: string): Problem {
  const fallback: ProblemBody = {
    status,
    code: 'unexpected',
    title: 'Unexpected response',
    detail: `The server answered with status ${status}.`,
  }
  try {
    return new Problem({ ...fallback, ...(JSON.parse(text) as Partial<ProblemBody>) })
  } catch {
    return new Problem(fallback)
  }
}
