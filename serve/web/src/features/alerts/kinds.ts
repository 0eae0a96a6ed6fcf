/** The fields of each kind of channel, by their paths in its configuration. */

export interface Field {
  /** `login/user` is a member of a member. */
  path: string
  label: string
  type?: 'password' | 'url' | 'number' | 'email'
  help?: string
  isOptional?: boolean
  /** Several values, separated by commas. */
  isList?: boolean
  /** One of these. */
  options?: [value: string, label: string][]
}

const SECRET = { type: 'password' } as const

export const KINDS: Record<string, { label: string; fields: Field[] }> = {
  email: {
    label: 'Email',
    fields: [
      { path: 'host', label: 'Mail server' },
      { path: 'port', label: 'Port (optional)', type: 'number', isOptional: true },
      { path: 'encryption', label: 'Encryption', options: [['starttls', 'STARTTLS'], ['tls', 'TLS'], ['none', 'None, on this machine only']] },
      { path: 'login/user', label: 'User (optional)', isOptional: true },
      { path: 'login/password', label: 'Password (optional)', ...SECRET, isOptional: true },
      { path: 'from', label: 'Sender', help: 'Such as tagpol <tagpol@example.com>' },
      { path: 'to', label: 'Recipients (optional)', isList: true, isOptional: true, help: 'Messages to owners go to the owners. Separate several by commas' },
    ],
  },
  slack: { label: 'Slack', fields: [{ path: 'webhook_url', label: 'Address of the webhook', ...SECRET, help: 'As Slack shows it' }] },
  teams: { label: 'Microsoft Teams', fields: [{ path: 'webhook_url', label: 'Address of the workflow', ...SECRET, help: 'As Teams shows it' }] },
  webhook: {
    label: 'Webhook',
    fields: [
      { path: 'url', label: 'Address', type: 'url' },
      { path: 'secret', label: 'Secret of the signatures', ...SECRET, help: 'whsec_ and 24 to 64 bytes in base64' },
    ],
  },
  pagerduty: { label: 'PagerDuty', fields: [{ path: 'routing_key', label: 'Integration key', ...SECRET }] },
  jira: {
    label: 'Jira',
    fields: [
      { path: 'site', label: 'Site', type: 'url', help: 'Such as https://example.atlassian.net' },
      { path: 'user', label: 'Email address of the account', type: 'email' },
      { path: 'api_token', label: 'API token', ...SECRET },
      { path: 'project', label: 'Key of the project' },
      { path: 'issue_type', label: 'Type of issues (optional)', isOptional: true },
    ],
  },
  servicenow: {
    label: 'ServiceNow',
    fields: [
      { path: 'instance', label: 'Instance', type: 'url' },
      { path: 'user', label: 'User' },
      { path: 'password', label: 'Password', ...SECRET },
      { path: 'assignment_group', label: 'Group (optional)', isOptional: true },
    ],
  },
  siem: {
    label: 'Audit stream (SIEM)',
    fields: [
      { path: 'url', label: 'Receiver of JSON lines (optional)', type: 'url', isOptional: true },
      { path: 'secret', label: 'Secret of the signatures (optional)', ...SECRET, isOptional: true },
      { path: 'syslog/host', label: 'Syslog server (optional)', isOptional: true },
      { path: 'syslog/port', label: 'Port (optional)', type: 'number', isOptional: true },
    ],
  },
}

type Config = { [name: string]: unknown }

/** The configuration that is in a form. What is empty is left out. */
export function configOf(kind: string, value: (path: string) => string): Config {
  const config: Config = {}
  for (const field of KINDS[kind]?.fields ?? []) {
    const text = value(field.path).trim()
    if (text === '') continue
    const [first = '', second] = field.path.split('/')
    const typed = field.type === 'number' ? Number(text) : field.isList ? text.split(',').map((one) => one.trim()).filter(Boolean) : text
    if (second === undefined) config[first] = typed
    else config[first] = { ...(config[first] as Config | undefined), [second]: typed }
  }
  return config
}

/** What a field of a configuration shows. */
export function shownOf(config: Config | null | undefined, { path, isList }: Field): string {
  const [first = '', second] = path.split('/')
  const outer = config?.[first]
  const found = second === undefined ? outer : (outer as Config | null | undefined)?.[second]
  if (found === undefined || found === null) return ''
  return isList && Array.isArray(found) ? found.join(', ') : String(found)
}
