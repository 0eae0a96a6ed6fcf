import { useQuery } from '@tanstack/react-query'
import { type FormEvent, type KeyboardEvent, useRef, useState } from 'react'
import { request } from '../../api/client'
import { queries } from '../../api/queries'
import type { ConversationView, RememberedTurn } from '../../api/types'
import { Button } from '../../ui/button'
import { Select } from '../../ui/select'
import { LoadingCards, QueryState, sentence } from '../../ui/states'
import { toast, toastError } from '../../ui/toast'
import { AskedCard } from './answer'
import { useAnswers } from './use-answers'
import './ask.css'

const EXAMPLES = ['What should we fix first?', 'Which tags are missing most?', 'What changed?', 'Which controls have gaps?']

const LONGEST = 2_000

export function AskPage() {
  const conversation = useQuery(queries.conversation())
  return (
    <main className="page ask" id="main" tabIndex={-1}>
      <header className="page-head">
        <div>
          <h1>Ask</h1>
          <p className="dim">Questions about tags, findings and costs, answered with numbered facts</p>
        </div>
      </header>
      <QueryState query={conversation} loading={<LoadingCards heights={[120, 260]} />}>
        {(data) => <Conversation data={data} />}
      </QueryState>
    </main>
  )
}

function Conversation({ data }: { data: ConversationView }) {
  // As it was when the page was opened: what is asked here is added by the page itself.
  const [earlier, setEarlier] = useState<readonly RememberedTurn[]>(() => data.turns.toReversed())
  const [framework, setFramework] = useState(data.framework ?? '')
  const { asked, isAnswering, ask, stop, clear, problem } = useAnswers()
  const field = useRef<HTMLTextAreaElement>(null)
  const send = async (text: string) => {
    const question = text.trim()
    if (question === '' || isAnswering) return
    if (field.current) field.current.value = ''
    const wasAsked = await ask(question, framework || null)
    // A question that was refused is not lost.
    if (!wasAsked && field.current?.value === '') field.current.value = question
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void send(field.current?.value ?? '')
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) submit(event)
  }
  const forget = async () => {
    try {
      await request<void>('conversation', { method: 'DELETE' })
      clear()
      setEarlier([])
      toast('The conversation is forgotten.')
    } catch (error) {
      toastError(error)
    }
  }
  const isNew = asked.length === 0 && earlier.length === 0
  const answered = asked[0]
  return (
    <>
      <form className="card ask-form" onSubmit={submit}>
        <label htmlFor="question" className="hidden-visually">
          Question
        </label>
        <textarea id="question" ref={field} className="input ask-field" rows={2} maxLength={LONGEST} placeholder="Ask about the inventory" aria-describedby="question-help" onKeyDown={onKeyDown} />
        <div className="row row-wrap">
          <p id="question-help" className="dim small grow">
            <Model data={data} />
          </p>
          {data.frameworks.length > 0 ? <Select label="Framework" value={framework} options={[['', 'All frameworks'], ...data.frameworks.map((name) => [name, name] as const)]} onChange={setFramework} /> : null}
          {isNew ? null : (
            <Button variant="quiet" reason={isAnswering && 'Wait for the answer, or stop it.'} onClick={() => void forget()}>
              Forget the conversation
            </Button>
          )}
          {isAnswering ? (
            <Button onClick={stop}>Stop</Button>
          ) : (
            <Button type="submit" variant="primary">
              Ask
            </Button>
          )}
        </div>
        <div role="alert">{problem ? <p className="field-error">{[problem.body.detail, problem.body.help].filter(Boolean).map((text) => sentence(text ?? '')).join(' ')}</p> : null}</div>
      </form>
      <p className="hidden-visually" role="status">
        {answered?.state === 'answering' ? 'Answering' : answered ? 'The answer is complete' : ''}
      </p>
      {isNew ? <Examples onAsk={(text) => void send(text)} /> : null}
      <ol className="ask-turns">
        {asked.map((one) => (
          <AskedCard key={one.id} asked={one} onAgain={() => void send(one.question)} />
        ))}
        {earlier.map((turn, at) => (
          <EarlierTurn key={`earlier-${at}`} turn={turn} />
        ))}
      </ol>
    </>
  )
}

/** Who words answers, and what is sent for that. */
function Model({ data: { model, shares_values } }: { data: ConversationView }) {
  if (model === null) return 'No language model is configured: answers are the facts themselves, and nothing is sent anywhere.'
  const sent = shares_values ? 'It reads values of tags and ids of resources.' : 'It reads aliases in place of values of tags and ids of resources.'
  return `${model} words the answers, and what its facts do not support is left out. ${sent}`
}

function Examples({ onAsk }: { onAsk: (question: string) => void }) {
  return (
    <div className="row row-wrap">
      {EXAMPLES.map((text) => (
        <Button key={text} small onClick={() => onAsk(text)}>
          {text}
        </Button>
      ))}
    </div>
  )
}

/** A question of an earlier visit, as far as it is remembered. */
function EarlierTurn({ turn: { question, answer, proposal } }: { turn: RememberedTurn }) {
  return (
    <li className="card ask-turn ask-earlier">
      <h2 className="ask-question wrap-anywhere">{question}</h2>
      <ul className="ask-statements">
        {answer.map((text, at) => (
          <li key={at} className="wrap-anywhere">
            <bdi>{text}</bdi>
          </li>
        ))}
      </ul>
      {proposal === null ? null : (
        <pre className="ask-policy" tabIndex={0}>
          <code>{proposal}</code>
        </pre>
      )}
      <p className="dim small">Asked earlier, about the inventory as it was then.</p>
    </li>
  )
}
