import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { request } from '../../api/client'
import { queries, refresh } from '../../api/queries'
import type { Channel } from '../../api/types'
import { useReason } from '../../app/session'
import { formatDay } from '../../lib/format'
import { attempt } from '../../parts/attempt'
import { ActionTable } from '../../ui/action-table'
import { Button } from '../../ui/button'
import { Dialog } from '../../ui/dialog'
import { Form, TextField } from '../../ui/form'
import { SelectField } from '../../ui/select'
import { LoadingCards, QueryState, State } from '../../ui/states'
import { toast } from '../../ui/toast'
import { configOf, KINDS, shownOf } from './kinds'

/** What a change of a channel changes. */
const CHANGED = ['channels', 'deliveries']

export function Channels() {
  const reason = useReason('manage_channels')
  const channels = useQuery(queries.channels())
  const [isAdding, setAdding] = useState(false)
  const [edited, setEdited] = useState<string>()
  const run = (action: () => Promise<unknown>, done: string) => attempt(action, done, ...CHANGED)
  return (
    <section className="card">
      <div className="card-head">
        <h2>Channels</h2>
        <Button small reason={reason} onClick={() => setAdding(true)}>
          Add a channel
        </Button>
      </div>
      <QueryState query={channels} loading={<LoadingCards heights={[120]} />}>
        {({ items }) =>
          items.length === 0 ? (
            <State title="No channels">
              <p>A channel is where messages go: mail, chat, tickets, or a program of your own.</p>
            </State>
          ) : (
            <ActionTable label="Channels" columns={['Name', 'Kind', 'Changed']} actions="Actions">
              {items.map((channel) => (
                <tr key={channel.id}>
                  <td className="strong">{channel.name}</td>
                  <td>{KINDS[channel.kind]?.label ?? channel.kind}</td>
                  <td>{formatDay(channel.updated_at)}</td>
                  <td>
                    <div className="row row-end">
                      {channel.kind === 'siem' ? null : (
                        <Button small reason={reason} aria-label={`Test ${channel.name}`} onClick={() => void run(() => request(`channels/${channel.id}/test`, { method: 'POST', body: {} }), 'A test message is on its way. See the messages below.')}>
                          Test
                        </Button>
                      )}
                      <Button small reason={reason} aria-label={`Change ${channel.name}`} onClick={() => setEdited(channel.id)}>
                        Change
                      </Button>
                      <Button small variant="danger" reason={reason} aria-label={`Remove ${channel.name}`} onClick={() => void run(() => request(`channels/${channel.id}`, { method: 'DELETE' }), `${channel.name} is removed.`)}>
                        Remove
                      </Button>
                    </div>
                  </td>
                </tr>
              ))}
            </ActionTable>
          )
        }
      </QueryState>
      <Dialog title="Add a channel" isOpen={isAdding} onClose={() => setAdding(false)} dismissable={false}>
        <ChannelForm onDone={() => setAdding(false)} />
      </Dialog>
      {edited ? (
        <Dialog title="Change the channel" isOpen onClose={() => setEdited(undefined)} dismissable={false}>
          <EditChannel id={edited} onDone={() => setEdited(undefined)} />
        </Dialog>
      ) : null}
    </section>
  )
}

/** The form needs the configuration, which only the channel itself has. */
function EditChannel({ id, onDone }: { id: string; onDone: () => void }) {
  const channel = useQuery({ ...queries.channel(id), gcTime: 0 })
  return (
    <QueryState query={channel} loading={<LoadingCards heights={[160]} />}>
      {(data) => <ChannelForm channel={data} onDone={onDone} />}
    </QueryState>
  )
}

function ChannelForm({ channel, onDone }: { channel?: Channel; onDone: () => void }) {
  const [kind, setKind] = useState(channel?.kind ?? 'email')
  const fields = KINDS[kind]?.fields ?? []
  const submit = async (form: FormData) => {
    const body = { name: String(form.get('name')).trim(), kind, config: configOf(kind, (path) => String(form.get(`config/${path}`) ?? '')) }
    await request(channel ? `channels/${channel.id}` : 'channels', { method: channel ? 'PUT' : 'POST', body })
    await refresh(...CHANGED)
    toast(channel ? 'The channel is changed.' : 'The channel is added. Test it before rules use it.')
    onDone()
  }
  return (
    <Form fields={['name', ...fields.map((field) => `config/${field.path}`)]} action={channel ? 'Save' : 'Add'} submit={submit} onCancel={onDone}>
      {(problem) => (
        <>
          <TextField name="name" label="Name" value={channel?.name ?? ''} maxLength={200} autoFocus problem={problem} />
          {channel ? null : (
            <SelectField label="Kind" value={kind} options={Object.entries(KINDS).map(([value, { label }]) => [value, label])} onChange={setKind} />
          )}
          {fields.map((field) =>
            field.options ? (
              <SelectField key={`${kind}/${field.path}`} name={`config/${field.path}`} label={field.label} defaultValue={shownOf(channel?.config as never, field) || field.options[0]?.[0]} options={field.options} />
            ) : (
              <TextField
                key={`${kind}/${field.path}`}
                name={`config/${field.path}`}
                label={field.label}
                type={field.type ?? 'text'}
                value={shownOf(channel?.config as never, field)}
                required={!field.isOptional}
                problem={problem}
                {...(field.help ? { help: field.help } : {})}
              />
            ),
          )}
          {channel ? <p className="dim small">Secrets show as (set), and stay unless you write another one. They are needed again if messages would go somewhere else.</p> : null}
        </>
      )}
    </Form>
  )
}
