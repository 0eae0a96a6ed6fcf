import { useQuery } from '@tanstack/react-query'
import { request } from '../../api/client'
import { queries } from '../../api/queries'
import type { Delivery } from '../../api/types'
import { formatAgo, formatTime } from '../../lib/format'
import { attempt } from '../../parts/attempt'
import { ActionTable } from '../../ui/action-table'
import { Button } from '../../ui/button'
import { LoadingCards, QueryState, State } from '../../ui/states'

const STATUS: Record<Delivery['status'], [string, string]> = {
  queued: ['Waiting', 'plain'],
  running: ['Sending', 'fair'],
  delivered: ['Delivered', 'good'],
  dead: ['Failed', 'poor'],
  cancelled: ['Canceled', 'plain'],
}

export function Deliveries() {
  const deliveries = useQuery({
    ...queries.deliveries(),
    refetchInterval: (query) => (query.state.data?.items.some((one) => one.status === 'queued' || one.status === 'running') ? 3_000 : 30_000),
  })
  const channels = useQuery(queries.channels()).data?.items ?? []
  const retry = (delivery: Delivery) =>
    attempt(() => request(`deliveries/${delivery.id}/retry`, { method: 'POST' }), 'The message is sent again.', 'deliveries')
  return (
    <section className="card">
      <div className="card-head">
        <h2>Sent messages</h2>
        <span className="dim small">The newest first</span>
      </div>
      <QueryState query={deliveries} loading={<LoadingCards heights={[160]} />}>
        {({ items }) =>
          items.length === 0 ? (
            <State title="No messages yet">
              <p>Messages of rules and tests appear here, with how they ended.</p>
            </State>
          ) : (
            <ActionTable label="Sent messages" columns={['Message', 'Channel', 'State', 'When']} actions="Retry">
              {items.map((one) => {
                const [label, look] = STATUS[one.status]
                return (
                  <tr key={one.id}>
                    <td className="wrap-anywhere">
                      {one.title}
                      {one.error ? <p className="small field-error">{one.error}</p> : null}
                    </td>
                    <td>{channels.find((channel) => channel.id === one.channel)?.name ?? <span className="dim">removed</span>}</td>
                    <td>
                      <span className={`badge badge-${look}`}>{label}</span> {one.attempt > 1 ? <span className="dim small">attempt {one.attempt}</span> : null}
                    </td>
                    <td title={formatTime(one.created_at)}>{formatAgo(one.delivered_at ?? one.created_at)}</td>
                    <td className="right">
                      {one.status === 'dead' || one.status === 'cancelled' ? (
                        <Button small aria-label={`Retry ${one.title}`} onClick={() => void retry(one)}>
                          Retry
                        </Button>
                      ) : null}
                    </td>
                  </tr>
                )
              })}
            </ActionTable>
          )
        }
      </QueryState>
    </section>
  )
}
