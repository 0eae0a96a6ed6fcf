import { expect, test } from 'vitest'
import { LONGEST_LINK, readShared, shared } from '../../src/lib/share'

test('texts come back from a link as they were', async () => {
  const files = [{ path: 'policies/a.tagpol', text: 'tag owner: email // "ö" 🏷\n'.repeat(40) }, { path: 'b.tagpol', text: '' }]
  const hash = (await shared(files)) ?? ''
  expect(hash).toMatch(/^#try=[\w-]+$/)
  expect(hash.length).toBeLessThan(300)
  expect(await readShared(hash)).toEqual(files)
})

test('texts that a link cannot have, and texts that are not links', async () => {
  const noise = Array.from({ length: 40_000 }, (_, at) => String.fromCharCode(33 + ((at * 7_919 + (at % 97) ** 3) % 90))).join('')
  expect(await shared([{ path: 'a.tagpol', text: noise.repeat(20) }])).toBeUndefined()
  expect((await shared([{ path: 'a.tagpol', text: 'x'.repeat(300_000) }]))?.length).toBeLessThan(LONGEST_LINK)
  expect(await readShared('')).toBeUndefined()
  expect(await readShared('#main')).toBeUndefined()
  for (const wrong of ['#try=', '#try=%%%', '#try=AAAA', `#try=${btoa('[]')}`]) expect(await readShared(wrong), wrong).toBeNull()
})

test('a link that stands for endless text is not read', async () => {
  const packed = await new Response(new Blob([new Uint8Array(5_000_000)]).stream().pipeThrough(new CompressionStream('deflate-raw'))).arrayBuffer()
  const text = btoa(Array.from(new Uint8Array(packed), (byte) => String.fromCharCode(byte)).join(''))
  expect(await readShared(`#try=${text.replaceAll('+', '-').replaceAll('/', '_')}`)).toBeNull()
})
