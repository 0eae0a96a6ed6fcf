import { describe, expect, test } from 'vitest'
import { type Answer, newFile, NOTHING_YET, readEvent, readEvents, type StreamEvent, withEvent } from '../../src/lib/answer'

const STREAM = [
  ': ping\n\n',
  'event: call\ndata: {"tool":"explain","argument":"größe-1"}\n\n',
  'event: part\ndata: {"words":"The score"}\n\n',
  'event: withdrawn\ndata: {}\n\n',
  'event: statement\ndata: {"text":"A","facts":["F1"],"origin":"template","replaced_because":null,"parts":[{"words":"A"}]}\n\n',
  'event: later\ndata: {}\n\n',
].join('')

/** A stream of bytes, in two pieces. */
function stream(text: string, cut: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  const bytes = new TextEncoder().encode(text)
  return new ReadableStream({
    start(controller) {
      for (const part of [bytes.slice(0, cut), bytes.slice(cut)]) if (part.length > 0) controller.enqueue(part)
      controller.close()
    },
  })
}

async function read(text: string, cut = 0): Promise<StreamEvent[]> {
  const events: StreamEvent[] = []
  for await (const event of readEvents(stream(text, cut))) events.push(event)
  return events
}

describe('events of answers', () => {
  test('are the same wherever the network cuts the stream', async () => {
    const whole = await read(STREAM)
    expect(whole.map((event) => event.name)).toEqual(['call', 'part', 'withdrawn', 'statement', 'later'])
    const length = new TextEncoder().encode(STREAM).length
    for (let cut = 0; cut <= length; cut += 5) expect(await read(STREAM, cut)).toEqual(whole)
  })

  test('of half a stream are those that are whole', async () => {
    expect((await read(STREAM.slice(0, -20))).map((event) => event.name)).toEqual(['call', 'part', 'withdrawn', 'statement'])
    expect(readEvent('event: part\ndata: {"wor')).toBeUndefined()
    expect(readEvent('data: {}')).toBeUndefined()
  })

  test('make an answer, whose end replaces what was shown before', async () => {
    const after = (events: StreamEvent[]): Answer => events.reduce(withEvent, NOTHING_YET)
    const answer = after(await read(STREAM))
    expect(answer).toMatchObject({ open: [], remark: 'withdrawn', calls: [{ tool: 'explain' }], statements: [{ text: 'A' }] })
    expect(after([...(await read(STREAM)), { name: 'restarted', data: {} }])).toMatchObject({ statements: [], remark: 'restarted' })
    const complete = { answer: { calls: [], statements: [], proposal: null } }
    expect(withEvent(answer, { name: 'answer', data: complete })).toMatchObject({ calls: [], statements: [], complete })
  })
})

test('a proposal becomes a file that the project does not have', () => {
  expect(newFile([])).toBe('proposed.tagpol')
  expect(newFile(['proposed.tagpol', 'proposed-2.tagpol'])).toBe('proposed-3.tagpol')
})
