import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { request } from '../../api/client'
import { queries } from '../../api/queries'
import type { Snapshots } from '../../api/types'
import { useReason } from '../../app/session'
import { formatAgo, formatCount, formatMonth, formatProvider, formatTime } from '../../lib/format'
import { attempt } from '../../parts/attempt'
import { UploadButton } from '../../parts/upload-button'
import { Button } from '../../ui/button'
import { LoadingCards, QueryState, State } from '../../ui/states'
import { right, Table } from '../../ui/table'
import { Closed, Section } from './section'

/** Snapshots that are shown; the list is ordered by time. */
const MOST = 10

/** Where the inventory comes from, and what it was. */
export function Inventory() {
  const reason = useReason('manage_snapshots')
  const snapshots = useQuery({ ...queries.snapshots(), enabled: !reason })
  if (reason) return <Closed title="Inventory" reason={reason} />
  const { fetched_from: clouds = [] } = snapshots.data ?? {}
  return (
    <Section
      id="inventory"
      title="Inventory"
      note={clouds.length > 0 ? `Fetched from ${clouds.map(formatProvider).join(', ')} by the schedule “Read the inventories again”` : 'Resources, and bills with their costs'}
      action={
        <div className="row">
          {clouds.length > 0 ? <Fetch /> : null}
          <UploadButton />
        </div>
      }
    >
      <QueryState query={snapshots} loading={<LoadingCards heights={[120]} />}>
        {(data) => (data.are_served ? <SnapshotTable snapshots={data} /> : <FromFiles />)}
      </QueryState>
    </Section>
  )
}

function FromFiles() {
  return (
    <p className="card-body dim">
      It is read from the files that <code>inventory</code> in <code>tagpol.toml</code> lists, and evaluated again within seconds after they change.
    </p>
  )
}

function Fetch() {
  const [isBusy, setBusy] = useState(false)
  const fetchNow = async () => {
    setBusy(true)
    await attempt(() => request('snapshots/fetch', { method: 'POST' }), 'The fetch has started. Jobs shows how far it is.', 'jobs')
    setBusy(false)
  }
  return (
    <Button busy={isBusy} onClick={() => void fetchNow()}>
      Fetch now
    </Button>
  )
}

function SnapshotTable({ snapshots: { items } }: { snapshots: Snapshots }) {
  if (items.length === 0) {
    return (
      <State title="No inventory yet">
        <p>Upload a bill, an export of a cloud, or a list of resources.</p>
      </State>
    )
  }
  return (
    <>
      <Table label="Snapshots of the inventory" columns={['Taken', 'Costs of', right('Resources'), right('Rows not read')]} isWide>
        {items.slice(0, MOST).map((one, at) => (
          <tr key={one.id}>
            <td title={formatTime(one.taken_at)}>
              {formatAgo(one.taken_at)} {at === 0 ? <span className="badge badge-good">Shown</span> : null}
              <p className="dim small mono">{one.id}</p>
            </td>
            <td>{one.month ? `${formatMonth(one.month)}, ${one.currency ?? ''}` : (one.currency ?? <span className="dim">No costs</span>)}</td>
            <td className="right">{formatCount(one.resources)}</td>
            <td className={one.rejected > 0 ? 'right poor' : 'right'}>{formatCount(one.rejected)}</td>
          </tr>
        ))}
      </Table>
      {items.length > MOST ? <p className="card-body dim small">{formatCount(items.length - MOST)} older ones</p> : null}
    </>
  )
}
