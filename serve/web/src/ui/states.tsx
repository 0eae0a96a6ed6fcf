import { type ReactNode, useState } from 'react'
import { Problem } from '../api/client'
import { Code } from './badge'
import { Button } from './button'
import { AlertIcon, LockIcon } from './icons'

/** What a page or a part of it shows in place of its data. */
export function State({ title, icon, children, actions }: { title: string; icon?: ReactNode; children?: ReactNode; actions?: ReactNode }) {
  return (
    <div className="state">
      {icon}
      <h2>{title}</h2>
      {children ? <div>{children}</div> : null}
      {actions ? <div className="row row-wrap">{actions}</div> : null}
    </div>
  )
}

/** An error, in words that say what to do. */
export function ErrorState({ error, retry }: { error: unknown; retry?: (() => void) | undefined }) {
  const problem = error instanceof Problem ? error : undefined
  const again = retry ? <Button onClick={retry}>Try again</Button> : undefined
  if (problem?.status === 403) {
    return (
      <State title="Your role does not include this" icon={<LockIcon size={28} />}>
        <p>
          <Code text={sentence(problem.body.help ?? problem.body.detail)} />
        </p>
        <p>Ask an administrator if you need it.</p>
      </State>
    )
  }
  if (problem?.status === 404) {
    return (
      <State title="Not found" icon={<AlertIcon size={28} />} actions={again}>
        <p>{sentence(problem.body.detail)} It may have been removed from the inventory, or the link may be incomplete.</p>
      </State>
    )
  }
  if (problem?.status === 0) {
    return (
      <State title="The server cannot be reached" icon={<AlertIcon size={28} />} actions={again}>
        <p>The dashboard keeps trying. What you typed stays here.</p>
      </State>
    )
  }
  if (problem?.code === 'not-ready') {
    return (
      <State title="Nothing is evaluated yet" icon={<AlertIcon size={28} />} actions={again}>
        <p className="wrap-anywhere">
          <Code text={sentence(problem.body.detail)} />
        </p>
        <p>This page appears by itself when the evaluation is done.</p>
      </State>
    )
  }
  return (
    <State title={problem ? problem.body.title : 'This page failed'} icon={<AlertIcon size={28} />} actions={again}>
      <p>
        <Code text={sentence(problem ? problem.body.detail : error instanceof Error ? error.message : String(error))} />
      </p>
      {problem?.body.help ? (
        <p>
          <Code text={sentence(problem.body.help)} />
        </p>
      ) : null}
      {problem?.body.trace_id ? (
        <p className="small">
          Trace id for the server log: <code>{problem.body.trace_id}</code>
        </p>
      ) : null}
    </State>
  )
}

/** A text of the server as a sentence: it starts with a capital letter and ends with a full stop. */
export function sentence(text: string): string {
  const start = capitalized(text.trim())
  return !start || /[.!?]$/.test(start) ? start : `${start}.`
}

/** A text of the server or of a policy that stands alone. */
export function capitalized(text: string): string {
  return /^[a-z]/.test(text) ? text[0]?.toUpperCase() + text.slice(1) : text
}

/** A gray box of the size of what comes, so that nothing jumps. */
export function Skeleton({ height = 14, width = '100%' }: { height?: number; width?: number | string }) {
  return <div className="skeleton" style={{ height, width }} aria-hidden="true" />
}

export function LoadingCards({ heights }: { heights: number[] }) {
  return (
    <div className="stack" aria-busy="true">
      <span className="hidden-visually" role="status">
        Loading
      </span>
      {heights.map((height, at) => (
        <div key={at} className="card skeleton" style={{ height }} />
      ))}
    </div>
  )
}

/** Returns why a query has no data: while it is asked again it has no error, and what is shown must not change until there is an answer. */
export function useLastError(query: { data: unknown; error: unknown }): unknown {
  const [last, setLast] = useState<unknown>(null)
  const next = query.data === undefined ? (query.error ?? last) : null
  if (next !== last) setLast(next)
  return next
}

/** The states of a query in one place: loading, error, and the data. */
export function QueryState<T>({
  query,
  loading,
  children,
}: {
  query: { data: T | undefined; error: unknown; refetch: () => unknown }
  loading: ReactNode
  children: (data: T) => ReactNode
}) {
  const error = useLastError(query)
  if (query.data !== undefined) return children(query.data)
  if (!error) return loading
  return (
    <div className="card">
      <ErrorState error={error} retry={() => void query.refetch()} />
    </div>
  )
}
