import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { request } from '../../api/client'
import { queries, queryClient } from '../../api/queries'
import type { AlertRule, Channel } from '../../api/types'
import { formatAgo, plural } from '../../lib/format'
import { SEVERITIES } from '../../lib/summary'
import { attempt } from '../../parts/attempt'
import { severityLabel } from '../../ui/badge'
import { Button } from '../../ui/button'
import { Dialog } from '../../ui/dialog'
import { Form, TextField } from '../../ui/form'
import { type Option, SelectField } from '../../ui/select'
import { LoadingCards, QueryState, State } from '../../ui/states'
import { toast } from '../../ui/toast'

export function Rules() {
  const rules = useQuery(queries.rules())
  const channels = useQuery(queries.channels()).data?.items ?? []
  const [edited, setEdited] = useState<AlertRule | 'new'>()
  const usable = channels.filter((channel) => channel.kind !== 'siem')
  const remove = (rule: AlertRule) =>
    attempt(() => request(`rules/${rule.id}`, { method: 'DELETE' }), `${rule.rule.name} is removed.`, 'rules')
  return (
    <section className="card">
      <div className="card-head">
        <h2>Rules</h2>
        <Button small reason={usable.length === 0 && 'Add a channel first.'} onClick={() => setEdited('new')}>
          Add a rule
        </Button>
      </div>
      <QueryState query={rules} loading={<LoadingCards heights={[140]} />}>
        {({ items }) =>
          items.length === 0 ? (
            <State title="No rules">
              <p>A rule sends findings to their owners, or to channels. Without one nobody is told.</p>
            </State>
          ) : (
            <ul className="lines">
              {items.map((one) => (
                <li key={one.id} className="row row-wrap rule">
                  <div className="grow">
                    <p>
                      <span className="strong">{one.rule.name}</span> {one.rule.enabled ? null : <span className="badge">Off</span>} {one.error ? <span className="badge badge-poor">Cannot send</span> : null}
                    </p>
                    <p className="dim small wrap-anywhere">{summary(one, channels)}</p>
                    {one.error ? <p className="field-error wrap-anywhere">{one.error}</p> : null}
                  </div>
                  <Button small aria-label={`Change ${one.rule.name}`} onClick={() => setEdited(one)}>
                    Change
                  </Button>
                  <Button small variant="danger" aria-label={`Remove ${one.rule.name}`} onClick={() => void remove(one)}>
                    Remove
                  </Button>
                </li>
              ))}
            </ul>
          )
        }
      </QueryState>
      {edited ? (
        <Dialog title={edited === 'new' ? 'Add a rule' : 'Change the rule'} isOpen onClose={() => setEdited(undefined)} dismissable={false}>
          <RuleForm rule={edited === 'new' ? undefined : edited} channels={usable} onDone={() => setEdited(undefined)} />
        </Dialog>
      ) : null}
    </section>
  )
}

function summary({ rule, next_at }: AlertRule, channels: Channel[]): string {
  const nameOf = (id: string) => channels.find((channel) => channel.id === id)?.name ?? id
  const { filter, routing } = rule
  const what = filter?.min_severity ? `${severityLabel(filter.min_severity)}${filter.min_severity === 'critical' ? '' : ' and worse'}` : 'All findings'
  const policies = filter?.policies?.length ? ` of ${filter.policies.join(', ')}` : ''
  const whom = routing.to === 'owners' ? `each owner by ${nameOf(routing.channel)}, without an owner to ${nameOf(routing.unowned_channel)}` : routing.channels.map(nameOf).join(', ')
  const remind = rule.remind_after_hours ? `; again after ${plural(rule.remind_after_hours, 'hour')}` : ''
  return `${what}${policies} to ${whom}${remind}${next_at ? `; next ${formatAgo(next_at)}` : ''}`
}

function RuleForm({ rule, channels, onDone }: { rule: AlertRule | undefined; channels: Channel[]; onDone: () => void }) {
  const policies = useQuery(queries.policies()).data?.items ?? []
  const old = rule?.rule
  const [to, setTo] = useState<'owners' | 'channels'>(old?.routing.to ?? 'owners')
  const submit = async (form: FormData) => {
    const hours = (name: string) => (form.get(name) ? Number(form.get(name)) : null)
    const routing = to === 'owners' ? { to, channel: form.get('channel'), unowned_channel: form.get('unowned_channel') } : { to, channels: form.getAll('channels') }
    const body = {
      // What this form does not show stays as it is.
      ...old,
      name: String(form.get('name')).trim(),
      enabled: form.get('enabled') === 'on',
      filter: { ...old?.filter, policies: form.getAll('policies'), min_severity: form.get('min_severity') || null },
      routing,
      grace_hours: hours('grace_hours') ?? 0,
      remind_after_hours: hours('remind_after_hours'),
      report: form.get('report') === 'on',
    }
    await request(rule ? `rules/${rule.id}` : 'rules', { method: rule ? 'PUT' : 'POST', body })
    await queryClient.invalidateQueries({ queryKey: ['rules'] })
    toast(rule ? 'The rule is changed.' : 'The rule is added.')
    onDone()
  }
  const chosen = old?.routing.to === 'owners' ? old.routing : undefined
  return (
    <Form fields={['name', 'grace_hours', 'remind_after_hours']} action={rule ? 'Save' : 'Add'} submit={submit} onCancel={onDone}>
      {(problem) => (
        <>
          <TextField name="name" label="Name" value={old?.name ?? ''} maxLength={200} autoFocus problem={problem} />
          <SelectField name="min_severity" label="Severity" defaultValue={old?.filter?.min_severity ?? ''} options={[['', 'All'], ...SEVERITIES.map((one): Option => [one, `${severityLabel(one)} and worse`])]} />
          <Checks legend="Policies; none means all" name="policies" options={policies.map((policy) => [policy.name, policy.name])} chosen={old?.filter?.policies ?? []} />
          <SelectField name="to" label="To" value={to} options={[['owners', 'The owners of the resources'], ['channels', 'Channels']]} onChange={(next) => setTo(next as 'owners' | 'channels')} />
          {to === 'owners' ? (
            <>
              <SelectField name="channel" label="By" defaultValue={chosen?.channel ?? ''} options={channels.map((channel) => [channel.id, channel.name])} />
              <SelectField name="unowned_channel" label="Without an owner" defaultValue={chosen?.unowned_channel ?? ''} options={channels.map((channel) => [channel.id, channel.name])} />
            </>
          ) : (
            <Checks legend="Channels" name="channels" options={channels.map((channel) => [channel.id, channel.name])} chosen={old?.routing.to === 'channels' ? old.routing.channels : []} />
          )}
          <TextField name="grace_hours" label="Hours open before it is sent" type="number" min={0} max={8760} value={String(old?.grace_hours ?? 0)} problem={problem} />
          <TextField name="remind_after_hours" label="Again after hours (optional)" type="number" min={1} max={8760} required={false} value={old?.remind_after_hours ? String(old.remind_after_hours) : ''} problem={problem} />
          <label className="row">
            <input type="checkbox" className="check" name="report" defaultChecked={old?.report ?? false} /> Also send a report of everything that is open, on the schedule
          </label>
          <label className="row">
            <input type="checkbox" className="check" name="enabled" defaultChecked={old?.enabled ?? true} /> Send by this rule
          </label>
        </>
      )}
    </Form>
  )
}

function Checks({ legend, name, options, chosen }: { legend: string; name: string; options: [string, string][]; chosen: readonly string[] }) {
  return (
    <fieldset>
      <legend className="field-label">{legend}</legend>
      {options.map(([value, label]) => (
        <label key={value} className="row">
          <input type="checkbox" className="check" name={name} value={value} defaultChecked={chosen.includes(value)} /> <span className="wrap-anywhere">{label}</span>
        </label>
      ))}
    </fieldset>
  )
}
