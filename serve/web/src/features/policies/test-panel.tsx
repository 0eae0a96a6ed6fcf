import { useState } from 'react'
import { type LanguageClient, pathOf, type Position, type Range } from '../../editor/language-client'
import { plural } from '../../lib/format'
import { Button } from '../../ui/button'

interface TestResult {
  name: string
  uri: string
  range: Range
  outcome: 'passed' | 'failed'
  failures: { message: string; range: Range }[]
}

/** Runs the tests of the policies as they are typed. */
export function TestPanel({ client, onOpen }: { client: LanguageClient; onOpen: (path: string, at: Position) => void }) {
  const [results, setResults] = useState<TestResult[]>()
  const [problem, setProblem] = useState<string>()
  const [isBusy, setBusy] = useState(false)
  const run = async () => {
    setBusy(true)
    setProblem(undefined)
    try {
      setResults((await client.request<{ results: TestResult[] }>('tagpol/runTests', {})).results)
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
    } finally {
      setBusy(false)
    }
  }
  const failed = results?.filter((one) => one.outcome === 'failed') ?? []
  return (
    <section className="card">
      <div className="card-head">
        <h2>Tests</h2>
        <Button small busy={isBusy} onClick={() => void run()}>
          Run all
        </Button>
      </div>
      <div className="card-body stack" role="status">
        {problem ? <p className="field-error">{problem}</p> : null}
        {results === undefined && !problem ? <p className="dim">Run the tests of the policies as they are now, saved or not.</p> : null}
        {results ? (
          <p>
            <span className={`badge ${failed.length === 0 ? 'badge-good' : 'badge-poor'}`}>{failed.length === 0 ? 'Passed' : 'Failed'}</span> {plural(results.length, 'test')}
            {failed.length > 0 ? `, ${failed.length} failed` : ''}
          </p>
        ) : null}
        {failed.length > 0 ? (
          <ul className="problem-list">
            {failed.map((one) => (
              <li key={`${one.uri}:${one.name}`}>
                <button type="button" className="problem" onClick={() => onOpen(pathOf(one.uri), (one.failures[0]?.range ?? one.range).start)}>
                  <span className="wrap-anywhere">
                    <span className="strong">{one.name}</span>
                    {one.failures.map((failure) => (
                      <span key={failure.message} className="dim small test-failure">
                        {failure.message}
                      </span>
                    ))}
                  </span>
                </button>
              </li>
            ))}
          </ul>
        ) : null}
      </div>
    </section>
  )
}
