/** What the configuration of the server says: it is shown here, and changed there. */
import { useQuery } from '@tanstack/react-query'
import { queries } from '../../api/queries'
import type { ProviderSettings } from '../../api/types'
import { roleLabel, useReason } from '../../app/session'
import { plural } from '../../lib/format'
import { LoadingCards, QueryState, State } from '../../ui/states'
import { Closed, Section } from './section'

/** The identity providers at which people sign in. */
export function SignOn() {
  const reason = useReason('manage_settings')
  const settings = useQuery({ ...queries.settings(), enabled: !reason })
  if (reason) return <Closed title="Single sign-on" reason={reason} />
  return (
    <Section title="Single sign-on" note="Identity providers of the configuration file, which is read when the server starts">
      <QueryState query={settings} loading={<LoadingCards heights={[100]} />}>
        {({ identity_providers: providers, url }) =>
          providers.length === 0 ? (
            <State title="People sign in with links and passwords">
              <p>
                To let them sign in with the accounts of your company, add <code>[oidc.corporate]</code> to the file of <code>--config</code>, and register <code className="wrap-anywhere">{url}/api/v1/auth/oidc/corporate/callback</code> at the provider.
              </p>
            </State>
          ) : (
            <ul className="lines">
              {providers.map((provider) => (
                <Provider key={provider.id} provider={provider} />
              ))}
            </ul>
          )
        }
      </QueryState>
    </Section>
  )
}

function Provider({ provider }: { provider: ProviderSettings }) {
  const roles = Object.entries(provider.roles)
  const facts: [string, string][] = [
    ['Issuer', provider.issuer],
    ['Client', provider.client_id],
    ['Redirect', provider.redirect],
    [roles.length > 0 ? `Roles of ${provider.groups_claim}` : 'Roles', roles.length > 0 ? roles.map(([group, role]) => `${group}: ${roleLabel(role)}`).join(', ') : 'assigned under People'],
    ['Everybody else', provider.default_role ? roleLabel(provider.default_role) : 'cannot sign in'],
  ]
  return (
    <li>
      <p className="strong wrap-anywhere">
        {provider.title} <code className="dim">{provider.id}</code>
      </p>
      <Facts facts={facts} />
    </li>
  )
}

/** Names and values, one below the other. */
function Facts({ facts }: { facts: [string, string][] }) {
  return (
    <dl className="facts-list small">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt className="dim">{name}</dt>
          <dd className="wrap-anywhere">{value}</dd>
        </div>
      ))}
    </dl>
  )
}

const RECORDS: Record<string, string> = {
  access_log: 'Access log',
  jobs: 'Ended jobs',
  bulk_changes: 'Bulk changes',
  messages: 'Sent messages',
  alerts: 'Closed alerts',
  audit_trail: 'Activity',
  decisions: 'Decisions about tags',
}

/** How long records are kept. */
export function Retention() {
  const reason = useReason('manage_settings')
  const settings = useQuery({ ...queries.settings(), enabled: !reason })
  if (reason) return <Closed title="Retention" reason={reason} />
  return (
    <Section title="Retention" note="Older records are moved into Parquet files by the schedule “Archive old records”">
      <QueryState query={settings} loading={<LoadingCards heights={[100]} />}>
        {({ retention, version }) => (
          <div className="card-body">
            <Facts facts={retention.map(({ records, days }): [string, string] => [RECORDS[records] ?? records, days === null ? 'for good' : plural(days, 'day')])} />
            <p className="dim small version">tagpol {version}</p>
          </div>
        )}
      </QueryState>
    </Section>
  )
}
