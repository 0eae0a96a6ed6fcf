import { useQuery } from '@tanstack/react-query'
import { queries } from '../../api/queries'
import { formatAgo, formatTime } from '../../lib/format'
import { QueryState, Skeleton } from '../../ui/states'

/** Who saved the policies, and when. */
export function Revisions() {
  const revisions = useQuery(queries.policyRevisions())
  return (
    <section className="card">
      <div className="card-head">
        <h2>Revisions</h2>
      </div>
      <div className="card-body">
        <QueryState query={revisions} loading={<Skeleton height={60} />}>
          {({ items }) =>
            items.length === 0 ? (
              <p className="dim">Nothing was saved here yet.</p>
            ) : (
              <ol className="stack">
                {items.slice(0, 8).map((one) => (
                  <li key={one.id}>
                    <p>
                      {one.made_by_name ?? 'Found in the folder'}{' '}
                      <span className="dim small" title={formatTime(one.at)}>
                        {formatAgo(one.at)}
                      </span>
                    </p>
                    <p className="dim small mono wrap-anywhere">{one.files.join(', ')}</p>
                  </li>
                ))}
              </ol>
            )
          }
        </QueryState>
      </div>
    </section>
  )
}
