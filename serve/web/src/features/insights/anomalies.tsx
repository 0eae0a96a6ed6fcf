import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Anomaly } from '../../api/types'
import { queries } from '../../api/queries'
import { equals } from '../../lib/condition'
import { formatConfidence, formatCount, plural } from '../../lib/format'
import { Code } from '../../ui/badge'
import { LoadingCards, QueryState, State } from '../../ui/states'

/** Values that are shown at most; the list is ordered by how likely a mistake is. */
const MOST = 50

export function AnomalyList() {
  const anomalies = useQuery(queries.anomalies())
  return (
    <section className="card">
      <div className="card-head">
        <h2>Values to check</h2>
        <span className="dim small">{anomalies.data ? `${formatCount(anomalies.data.examined)} of ${plural(anomalies.data.resources, 'resource')} examined` : ''}</span>
      </div>
      <QueryState query={anomalies} loading={<LoadingCards heights={[200]} />}>
        {({ items }) =>
          items.length === 0 ? (
            <State title="Nothing looks wrong">
              <p>No value contradicts similar resources, and none is nearly another one.</p>
            </State>
          ) : (
            <>
              <ul className="anomalies">
                {items.slice(0, MOST).map((one) => (
                  <Row key={`${one.id}/${one.key}/${one.value}`} anomaly={one} />
                ))}
              </ul>
              {items.length > MOST ? <p className="card-body dim small">{formatCount(items.length - MOST)} more, less likely mistakes</p> : null}
            </>
          )
        }
      </QueryState>
    </section>
  )
}

function Row({ anomaly }: { anomaly: Anomaly }) {
  const { key, value, suggested, resource_key, resource_name, resource_id, resources } = anomaly
  const tags = useQuery(queries.schema()).data?.items
  return (
    <li className="anomaly">
      <div>
        <p className="wrap-anywhere">
          <code>{key}</code> is <strong>{value}</strong>; more likely <strong>{suggested}</strong>
        </p>
        <p className="dim small wrap-anywhere">
          {anomaly.reasons.map((reason, at) => (
            <span key={reason}>
              {at > 0 ? '; ' : ''}
              <Code text={reason} />
            </span>
          ))}
        </p>
      </div>
      <div className="right">
        {resource_key ? (
          <Link to="/resources/$key" params={{ key: resource_key }} className="wrap-anywhere">
            {resource_name ?? resource_id}
          </Link>
        ) : (
          <Link to="/resources" search={{ filter: equals(key, value, tags) }}>
            {plural(resources, 'resource')}
          </Link>
        )}
        <p className="dim small">{anomaly.kind === 'spelling' ? 'Spelling' : `Model, ${formatConfidence(anomaly.probability)}`}</p>
      </div>
    </li>
  )
}
