/** Texts of policy files in a link: behind the `#`, which browsers do not send, compressed and without characters that a link must escape. */

/** The most characters of a link, which chats and mail still take, and of the texts in one. */
export const LONGEST_LINK = 16_000
const LONGEST_TEXT = 400_000

const PREFIX = '#try='

export interface SharedText {
  path: string
  text: string
}

async function through(bytes: Uint8Array<ArrayBuffer>, stream: CompressionStream | DecompressionStream): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let length = 0
  const reader = new Blob([bytes]).stream().pipeThrough(stream).getReader()
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    chunks.push(read.value as Uint8Array<ArrayBuffer>)
    length += read.value.length
    // A short link can stand for more text than a computer has room for.
    if (length > LONGEST_TEXT) throw new Error('the texts are too long')
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer())
}

/** What follows the address of the page. Undefined: the texts are too long for a link. */
export async function shared(files: readonly SharedText[]): Promise<string | undefined> {
  const bytes = new TextEncoder().encode(JSON.stringify(files.map(({ path, text }) => [path, text])))
  if (bytes.length > LONGEST_TEXT) return undefined
  const packed = await through(bytes, new CompressionStream('deflate-raw'))
  const text = btoa(Array.from(packed, (byte) => String.fromCharCode(byte)).join(''))
  const hash = PREFIX + text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
  return hash.length > LONGEST_LINK ? undefined : hash
}

/** The texts of a link. Undefined: it has none. Null: they cannot be read. */
export async function readShared(hash: string): Promise<SharedText[] | null | undefined> {
  if (!hash.startsWith(PREFIX)) return undefined
  try {
    const packed = Uint8Array.from(atob(hash.slice(PREFIX.length).replaceAll('-', '+').replaceAll('_', '/')), (one) => one.charCodeAt(0))
    const read: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(await through(packed, new DecompressionStream('deflate-raw'))))
    const isText = (one: unknown): one is [string, string] => Array.isArray(one) && one.length === 2 && one.every((part) => typeof part === 'string')
    return Array.isArray(read) && read.length > 0 && read.every(isText) ? read.map(([path, text]) => ({ path, text })) : null
  } catch {
    return null
  }
}
