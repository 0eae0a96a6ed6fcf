import { useReason } from '../../app/session'
import { LockIcon } from '../../ui/icons'
import { State } from '../../ui/states'
import { Channels } from './channels'
import { Deliveries } from './deliveries'
import { Rules } from './rules'
import './alerts.css'

/** Which findings are sent to whom, by what, and what became of the messages. */
export function AlertsPage() {
  const reason = useReason('manage_alerts')
  return (
    <main className="page" id="main" tabIndex={-1}>
      <header className="page-head">
        <div>
          <h1>Alerts</h1>
          <p className="dim">Which findings are sent to whom, and what became of the messages</p>
        </div>
      </header>
      {reason ? (
        <div className="card">
          <State title="Alerts are for administrators" icon={<LockIcon size={28} />}>
            <p>{reason}</p>
          </State>
        </div>
      ) : (
        <>
          <Rules />
          <Channels />
          <Deliveries />
        </>
      )}
    </main>
  )
}
