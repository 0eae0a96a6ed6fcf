import { useQuery } from '@tanstack/react-query'
import { queries } from '../../api/queries'
import type { Channel } from '../../api/types'
import { useReason } from '../../app/session'
import { formatAgo } from '../../lib/format'
import { LoadingCards, QueryState, State } from '../../ui/states'
import { Closed, Section } from './section'

/** Where notifications go. */
export function Channels() {
  const reason = useReason('manage_channels')
  const channels = useQuery({ ...queries.channels(), enabled: !reason })
  if (reason) return <Closed title="Notifications" reason={reason} />
  return (
    <Section title="Notifications" note="Where alerts and reports go">
      <QueryState query={channels} loading={<LoadingCards heights={[120]} />}>
        {(data) => <ChannelTable channels={data.items} />}
      </QueryState>
    </Section>
  )
}

function ChannelTable({ channels }: { channels: Channel[] }) {
  if (channels.length === 0) {
    return (
      <State title="No channels">
        <p>Alerts are shown in the dashboard only.</p>
      </State>
    )
  }
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label="Notifications">
      <table className="table table-wide">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Kind</th>
            <th scope="col">Target</th>
            <th scope="col">Last delivery</th>
          </tr>
        </thead>
        <tbody>
          {channels.map((channel) => (
            <tr key={channel.id}>
              <td className="strong">{channel.name}</td>
              <td>{channel.kind}</td>
              <td>{channel.target}</td>
              <td>
                {channel.last_delivery ? (
                  <span className="row">
                    <span className={`badge badge-${channel.last_delivery.ok ? 'good' : 'poor'}`}>{channel.last_delivery.ok ? 'Delivered' : 'Failed'}</span>
                    <span className="dim small">{formatAgo(channel.last_delivery.at)}</span>
                  </span>
                ) : (
                  <span className="dim">Never</span>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
