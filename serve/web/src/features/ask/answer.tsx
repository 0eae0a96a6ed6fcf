import type { Answer, AnswerDocument, Fact, Statement } from '../../lib/answer'
import { formatAgo, formatTime } from '../../lib/format'
import { Button } from '../../ui/button'
import { Code } from '../../ui/badge'
import { sentence } from '../../ui/states'
import { ProposedPolicy } from './proposal'
import { Sentence } from './sentence'
import type { Asked } from './use-answers'

/** A question with what is there of its answer. */
export function AskedCard({ asked: { question, answer, state }, onAgain }: { asked: Asked; onAgain: () => void }) {
  const { complete } = answer
  return (
    <li className="card ask-turn" aria-busy={state === 'answering' || undefined}>
      <h2 className="ask-question wrap-anywhere">{question}</h2>
      {answer.calls.map((call, at) => (
        <p key={at} className="dim small wrap-anywhere">
          Looked up {call.tool}
          {call.argument === null ? null : (
            <>
              : <code>{call.argument}</code>
            </>
          )}
        </p>
      ))}
      <ul className="ask-statements">
        {answer.statements.map((one, at) => (
          <li key={at}>
            <StatementLine statement={one} />
          </li>
        ))}
        {answer.open.length > 0 ? (
          <li className="ask-open">
            <Sentence parts={answer.open} />
          </li>
        ) : null}
      </ul>
      {state === 'answering' ? <Waiting answer={answer} /> : null}
      {answer.proposal ? <ProposedPolicy proposal={answer.proposal} facts={complete?.answer.facts ?? []} /> : null}
      {complete ? <Remarks document={complete.answer} /> : null}
      {complete ? (
        <footer className="ask-foot dim small">
          <span title={formatTime(complete.evaluated_at)}>Facts of the evaluation {formatAgo(complete.evaluated_at)}.</span>
          {complete.has_newer_decisions ? <span> Decisions since then are in what was looked up, and not in other facts.</span> : null}
          {complete.is_remembered ? null : <span> This answer is not remembered: the conversation went on elsewhere, or was forgotten.</span>}
        </footer>
      ) : null}
      {state === 'cut' ? (
        <div className="notice notice-fair" role="alert">
          <span className="grow">The connection was lost before the answer was complete. What is shown of it was checked.</span>
          <Button small onClick={onAgain}>
            Ask again
          </Button>
        </div>
      ) : null}
      {state === 'stopped' ? <p className="dim small">You stopped this answer. It is not remembered.</p> : null}
    </li>
  )
}

function Waiting({ answer: { remark } }: { answer: Answer }) {
  const text = remark === 'withdrawn' ? 'A statement was withdrawn, because its facts do not support it.' : remark === 'restarted' ? 'The answer begins again.' : 'Answering…'
  return <p className="dim small">{text}</p>
}

function StatementLine({ statement: { parts, facts, origin, replaced_because } }: { statement: Statement }) {
  return (
    <>
      <Sentence parts={parts} />{' '}
      {facts.map((fact) => (
        <span key={fact} className="badge ask-fact">
          {fact}
        </span>
      ))}
      {origin === 'model' ? <span className="dim small"> Worded by the model</span> : null}
      {origin === 'replaced' ? <span className="dim small"> Not worded by the model, whose statement {replaced_because}</span> : null}
    </>
  )
}

/** What is worth knowing about a whole answer: the facts behind it, what was left out, and who worded it. */
function Remarks({ document }: { document: AnswerDocument }) {
  const { statements, proposal, notes, left_out, rejected_proposal, without_model, model } = document
  const isHalf = statements.some((one) => one.origin !== 'template')
  const facts = document.facts.filter((fact) => !isShown(fact, document))
  return (
    <>
      {statements.length === 0 && !proposal && notes.length === 0 ? <p>There is no fact about it.</p> : null}
      {facts.length > 0 ? (
        <div className="ask-facts">
          <h3 className="dim small">Facts</h3>
          <ul className="stack">
            {facts.map((fact) => (
              <li key={fact.id} className="small">
                <span className="badge ask-fact">{fact.id}</span> <Sentence parts={fact.parts} />
              </li>
            ))}
          </ul>
        </div>
      ) : null}
      <ul className="dim small">
        {notes.map((note) => (
          <li key={note}>{sentence(note)}</li>
        ))}
        {left_out.map((reason, at) => (
          <li key={at}>A statement of the model was left out: it {sentence(reason)}</li>
        ))}
        {rejected_proposal === null ? null : (
          <li>
            A proposal is not shown: <Code text={sentence(rejected_proposal)} />
          </li>
        )}
      </ul>
      {without_model === null ? null : (
        <div className="notice notice-fair">
          <span className="wrap-anywhere">
            {isHalf ? 'The answer of the model ends early' : 'No model answered'}: {sentence(without_model)} {isHalf ? null : 'These are the facts themselves.'}
          </span>
        </div>
      )}
      {model === null && without_model === null ? <p className="dim small">Answered without a language model.</p> : null}
    </>
  )
}

/** Whether a statement of the answer, or the effect of what is proposed, is the fact itself. */
function isShown(fact: Fact, { statements, proposal }: AnswerDocument): boolean {
  return statements.some((one) => one.origin === 'template' && one.facts.length === 1 && one.facts[0] === fact.id) || Boolean(proposal?.facts.includes(fact.id))
}
