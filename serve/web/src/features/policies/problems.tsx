import type { Diagnostic, Position } from '../../editor/language-client'
import { formatCount } from '../../lib/format'

const LABELS = { 1: 'Error', 2: 'Warning', 3: 'Note', 4: 'Hint' } as const

/** Diagnostics of all files, each a way to its place. */
export function Problems({ diagnostics, onOpen }: { diagnostics: ReadonlyMap<string, Diagnostic[]>; onOpen: (path: string, at: Position) => void }) {
  const all = [...diagnostics].flatMap(([path, found]) => found.map((one) => ({ path, one })))
  all.sort((a, b) => (a.one.severity ?? 1) - (b.one.severity ?? 1))
  return (
    <section className="card">
      <div className="card-head">
        <h2>Problems</h2>
        <span className="dim small">{formatCount(all.length)}</span>
      </div>
      {all.length === 0 ? (
        <p className="card-body dim">No errors and no warnings.</p>
      ) : (
        <ul className="problem-list">
          {all.slice(0, 100).map(({ path, one }) => (
            <li key={`${path}:${one.range.start.line}:${one.range.start.character}:${one.message}`}>
              <button type="button" className="problem" onClick={() => onOpen(path, one.range.start)}>
                <span className={`badge ${(one.severity ?? 1) === 1 ? 'badge-poor' : 'badge-fair'}`}>{LABELS[one.severity ?? 1]}</span>
                <span className="wrap-anywhere">
                  {one.message.split('\n')[0]}
                  <span className="dim small mono">
                    {' '}
                    {path}:{one.range.start.line + 1}
                  </span>
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
