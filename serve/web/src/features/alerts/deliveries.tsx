import { useQuery } from '@tanstack/react-query'
import { request } from '../../api/client'
import { queries, queryClient } from '../../api/queries'
import type { Delivery } from '../../api/types'
import { formatAgo, formatTime } from '../../lib/format'
import { Button } from '../../ui/button'
import { LoadingCards, QueryState, State } from '../../ui/states'
import { toast, toastError } from '../../ui/toast'

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
  const retry = async (delivery: Delivery) => {
    try {
      await request(`deliveries/${delivery.id}/retry`, { method: 'POST' })
      toast('The message is sent again.')
    } catch (error) {
      toastError(error)
    } finally {
      await queryClient.invalidateQueries({ queryKey: ['deliveries'] })
    }
  }
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
            <div className="table-scroll" tabIndex={0} role="region" aria-label="Sent messages">
              <table className="table table-wide">
                <thead>
                  <tr>
                    <th scope="col">Message</th>
                    <th scope="col">Channel</th>
                    <th scope="col">State</th>
                    <th scope="col">When</th>
                    <th scope="col">
                      <span className="hidden-visually">Retry</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
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
                </tbody>
              </table>
            </div>
          )
        }
      </QueryState>
    </section>
  )
}
