/** Serves the built dashboard as `tagpol serve` does: the same headers, a new nonce in each page, and below `/api` the mock or a server. */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, request as forward, type Server, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { extname, join, normalize } from 'node:path'

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
}

const FILES = new Set(['/theme.js', '/icon.svg', '/manifest.webmanifest'])

/** What a page may load: its own files, and styles with the nonce of this response. */
export function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'self'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "object-src 'none'",
  ].join('; ')
}

type Handler = (request: IncomingMessage, response: ServerResponse, next: () => void) => void

/** Hands requests below `/api` to a server. */
export function proxy(target: string): Handler {
  return (request, response, next) => {
    if (!request.url?.startsWith('/api/')) return next()
    const { host } = new URL(target)
    const sent = forward(`${target}${request.url}`, { method: request.method, headers: { ...request.headers, host } }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    sent.on('error', () => response.writeHead(502).end())
    request.pipe(sent)
  }
}

/** Hands a WebSocket to a server, as a proxy in front of it would: its own address takes the place of this one. */
export function proxyUpgrades(server: Server, target: string): void {
  const { hostname, port, host, origin } = new URL(target)
  server.on('upgrade', (request, socket, head) => {
    const upstream = connect(Number(port), hostname, () => {
      const replaced = { ...request.headers, host, ...(request.headers.origin ? { origin } : {}) }
      const lines = Object.entries(replaced).map(([name, value]) => `${name}: ${String(value)}`)
      upstream.write(`GET ${request.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
      upstream.write(head)
      upstream.pipe(socket).pipe(upstream)
    })
    upstream.on('error', () => socket.destroy())
    socket.on('error', () => upstream.destroy())
  })
}

/** Starts it on a free port. `api` answers what is below `/api`. */
export async function startServer(api: Handler, folder = 'embed/dist'): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => {
    void api(request, response, async () => {
      const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname)
      // Every other address is a page, also one that ends with the id of a resource.
      const file = path.startsWith('/assets/') || FILES.has(path) ? path : '/index.html'
      try {
        let content: Buffer | string = await readFile(join(folder, file))
        const headers: Record<string, string> = { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', 'x-content-type-options': 'nosniff' }
        if (file === '/index.html') {
          const nonce = randomBytes(16).toString('base64')
          content = content.toString().replaceAll('__CSP_NONCE__', nonce)
          headers['content-security-policy'] = contentSecurityPolicy(nonce)
        }
        response.writeHead(200, headers).end(content)
      } catch {
        response.writeHead(404, { 'content-type': 'text/plain' }).end('not found')
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return { url: `http://127.0.0.1:${port}`, server }
}
