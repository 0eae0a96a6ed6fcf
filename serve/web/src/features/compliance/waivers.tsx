import { useQuery } from '@tanstack/react-query'
import { queries } from '../../api/queries'
import { formatAgo, formatDay } from '../../lib/format'

/** How long before its end a waiver is marked. */
const SOON = 30 * 86_400_000

/** What need not hold for a while: the first to end first. */
export function Waivers() {
  const { data } = useQuery(queries.policies())
  const all = (data?.items ?? []).flatMap((policy) => policy.waivers.map((waiver) => ({ ...waiver, policy: policy.name })))
  if (all.length === 0) return null
  const sorted = all.toSorted((a, b) => a.until.localeCompare(b.until))
  // A waiver counts on its last day, to its end.
  const end = (until: string) => new Date(`${until}T23:59:59Z`)
  return (
    <section className="card">
      <div className="card-head">
        <h2>Waivers</h2>
        <span className="dim small">The first to end first</span>
      </div>
      <ul className="card-body stack">
        {sorted.map((one) => {
          const left = end(one.until).getTime() - Date.now()
          return (
            <li key={`${one.policy}/${one.check}/${one.until}/${one.because}`}>
              <p className="row row-wrap">
                <span className="wrap-anywhere">
                  {one.policy}
                  {one.check ? `/${one.check}` : ''}
                </span>
                <span className={`badge ${left < 0 ? 'badge-poor' : left < SOON ? 'badge-fair' : ''}`} title={`Counts until ${formatDay(one.until)}`}>
                  {left < 0 ? 'Ended' : 'Ends'} {formatAgo(end(one.until).toISOString())}
                </span>
              </p>
              <p className="dim small wrap-anywhere">{one.because}</p>
            </li>
          )
        })}
      </ul>
    </section>
  )
}
