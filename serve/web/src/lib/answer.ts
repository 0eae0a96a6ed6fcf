/** Answers to questions, while they come and when they are complete. The forms are those of `docs/schema/answer.v1.json`. */

/** A typed part of a sentence. Names, values and commands are never words. */
export type Part =
  | { words: string }
  | { count: number }
  | { share: string }
  | { score: string }
  | { money: { amount: string; currency: string | null } }
  | { month: string }
  | { name: string }
  | { value: string }
  | { command: string }

export interface Statement {
  text: string
  facts: string[]
  /** Who worded it: the program, a model, or the program in place of what a model wrote. */
  origin: 'template' | 'model' | 'replaced'
  replaced_because: string | null
  parts: Part[]
}

export interface Fact {
  id: string
  text: string
  parts: Part[]
}

export interface Call {
  tool: string
  argument: string | null
}

export interface Proposal {
  text: string
  facts: string[]
  origin: 'template' | 'model'
}

export interface AnswerDocument {
  question: string
  model: string | null
  without_model: string | null
  calls: Call[]
  statements: Statement[]
  left_out: string[]
  notes: string[]
  proposal: Proposal | null
  rejected_proposal: string | null
  facts: Fact[]
}

export interface Complete {
  answer: AnswerDocument
  evaluated_at: string
  has_newer_decisions: boolean
  is_remembered: boolean
}

export interface StreamEvent {
  name: string
  data: unknown
}

/** What is there of an answer. */
export interface Answer {
  calls: Call[]
  statements: Statement[]
  /** What a model has written of the next statement. */
  open: Part[]
  /** What became of statements that are not shown any more. */
  remark: 'withdrawn' | 'restarted' | undefined
  proposal: Proposal | undefined
  /** The whole answer. Undefined: it is still coming, or it was cut off. */
  complete: Complete | undefined
}

export const NOTHING_YET: Answer = { calls: [], statements: [], open: [], remark: undefined, proposal: undefined, complete: undefined }

/** An answer with what an event adds or takes back. Events that are not known change nothing. */
export function withEvent(answer: Answer, { name, data }: StreamEvent): Answer {
  switch (name) {
    case 'call':
      return { ...answer, calls: [...answer.calls, data as Call] }
    case 'part':
      return { ...answer, open: [...answer.open, data as Part], remark: undefined }
    case 'withdrawn':
      return { ...answer, open: [], remark: 'withdrawn' }
    case 'restarted':
      return { ...answer, open: [], statements: [], remark: 'restarted' }
    case 'statement':
      return { ...answer, open: [], statements: [...answer.statements, data as Statement] }
    case 'proposal':
      return { ...answer, proposal: data as Proposal }
    case 'answer': {
      const complete = data as Complete
      const { calls, statements, proposal } = complete.answer
      return { calls, statements, open: [], remark: undefined, proposal: proposal ?? undefined, complete }
    }
    default:
      return answer
  }
}

/** The events of a stream, as they come. What is cut off at its end is left out. */
export async function* readEvents(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<StreamEvent> {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader()
  let waiting = ''
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      waiting += read.value
      const blocks = waiting.split('\n\n')
      waiting = blocks.pop() ?? ''
      for (const block of blocks) {
        const event = readEvent(block)
        if (event) yield event
      }
    }
  } finally {
    reader.releaseLock()
  }
}

/** Reads an event. Undefined: it is a comment, or not one of this server. */
export function readEvent(block: string): StreamEvent | undefined {
  const field = (name: string) => {
    const line = block.split('\n').find((one) => one.startsWith(`${name}: `))
    return line?.slice(name.length + 2)
  }
  const [name, text] = [field('event'), field('data')]
  if (name === undefined || text === undefined) return undefined
  try {
    return { name, data: JSON.parse(text) as unknown }
  } catch {
    return undefined
  }
}

/** The name of a policy file that a project does not have yet. */
export function newFile(paths: readonly string[]): string {
  const names = ['proposed.tagpol', ...paths.map((_, at) => `proposed-${at + 2}.tagpol`)]
  return names.find((name) => !paths.includes(name)) ?? 'proposed.tagpol'
}
