import { useEffect, useRef, useState } from 'react'
import { Problem, requestStream } from '../../api/client'
import { type Answer, NOTHING_YET, readEvents, withEvent } from '../../lib/answer'

export interface Asked {
  id: number
  question: string
  answer: Answer
  /** `cut`: the stream ended before the answer did. `stopped`: the person stopped it. */
  state: 'answering' | 'done' | 'cut' | 'stopped'
}

interface Answers {
  /** The newest first. */
  asked: Asked[]
  isAnswering: boolean
  /** Asks. Resolves when the answer has ended, to false if the question was refused. */
  ask: (question: string, framework: string | null) => Promise<boolean>
  stop: () => void
  clear: () => void
  /** Why the last question was refused. */
  problem: Problem | undefined
}

/** Questions that were asked on this page, with their answers as they come. */
export function useAnswers(): Answers {
  const [asked, setAsked] = useState<Asked[]>([])
  const [problem, setProblem] = useState<Problem>()
  const running = useRef<AbortController>(undefined)
  const last = useRef(0)
  useEffect(() => () => running.current?.abort(), [])
  const change = (id: number, by: (one: Asked) => Asked) => setAsked((all) => all.map((one) => (one.id === id ? by(one) : one)))
  const ask = async (question: string, framework: string | null) => {
    const abort = new AbortController()
    running.current = abort
    setProblem(undefined)
    const id = ++last.current
    setAsked((all) => [{ id, question, answer: NOTHING_YET, state: 'answering' }, ...all])
    let isWhole = false
    try {
      const stream = await requestStream('conversation/questions', { method: 'POST', body: { question, framework }, signal: abort.signal })
      for await (const event of readEvents(stream)) {
        isWhole ||= event.name === 'answer'
        change(id, (one) => ({ ...one, answer: withEvent(one.answer, event) }))
      }
    } catch (error) {
      // Nothing of the answer has come.
      if (error instanceof Problem) {
        setAsked((all) => all.filter((one) => one.id !== id))
        setProblem(error)
        return false
      }
    } finally {
      if (running.current === abort) running.current = undefined
    }
    change(id, (one) => ({ ...one, state: isWhole ? 'done' : abort.signal.aborted ? 'stopped' : 'cut' }))
    return true
  }
  return {
    asked,
    isAnswering: asked.some((one) => one.state === 'answering'),
    ask,
    stop: () => running.current?.abort(),
    clear: () => {
      setAsked([])
      setProblem(undefined)
    },
    problem,
  }
}
