import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { request } from '../../api/client'
import { queries, queryClient } from '../../api/queries'
import type { Role, User, UserLink } from '../../api/types'
import { roleLabel, useMe, useReason } from '../../app/session'
import { formatDay } from '../../lib/format'
import { attempt } from '../../parts/attempt'
import { ActionTable } from '../../ui/action-table'
import { Button } from '../../ui/button'
import { Copied } from '../../ui/copied'
import { Dialog } from '../../ui/dialog'
import { Form, TextField } from '../../ui/form'
import { MoreIcon } from '../../ui/icons'
import { Menu } from '../../ui/menu'
import { Select } from '../../ui/select'
import { LoadingCards, QueryState } from '../../ui/states'
import { toast, toastError } from '../../ui/toast'
import { EraseDialog } from './erase'
import { Closed, Section } from './section'

const ROLES: [Role, string][] = [
  ['viewer', 'reads tags, dashboards and reports'],
  ['editor', 'also decides about tags and suggestions'],
  ['admin', 'also changes policies, schedules and inventories'],
  ['super_admin', 'also manages people and integrations'],
]

export function People() {
  const reason = useReason('manage_users')
  const users = useQuery({ ...queries.users(), enabled: !reason })
  const [isAdding, setAdding] = useState(false)
  const [link, setLink] = useState<string>()
  const [erased, setErased] = useState<User>()
  if (reason) return <Closed title="People" reason={reason} />
  return (
    <Section title="People" action={<Button onClick={() => setAdding(true)}>Add a person</Button>}>
      <QueryState query={users} loading={<LoadingCards heights={[160]} />}>
        {(data) => <PeopleTable users={data.items} onLink={setLink} onErase={setErased} />}
      </QueryState>
      <Dialog title="Add a person" isOpen={isAdding} onClose={() => setAdding(false)} dismissable={false}>
        <PersonForm
          onCancel={() => setAdding(false)}
          onAdded={(added) => {
            setAdding(false)
            if (added.link) setLink(added.link)
            else toast('The person has an account already, and can sign in.')
          }}
        />
      </Dialog>
      <Dialog title="Send this link" isOpen={link !== undefined} onClose={() => setLink(undefined)} dismissable={false}>
        <Copied label="Link" text={link ?? ''} note="It signs the person in once, within 24 hours. It is shown only now." onClose={() => setLink(undefined)} />
      </Dialog>
      {erased ? <EraseDialog user={erased} onClose={() => setErased(undefined)} /> : null}
    </Section>
  )
}

function PeopleTable({ users, onLink, onErase }: { users: User[]; onLink: (link: string) => void; onErase: (user: User) => void }) {
  const me = useMe()
  const change = (user: User, body: { role?: Role; status?: 'active' | 'disabled' }, done: string) =>
    attempt(() => request(`users/${encodeURIComponent(user.id)}`, { method: 'PUT', body }), done, 'users')
  const newLink = async (user: User) => {
    try {
      const made = await request<UserLink>(`users/${encodeURIComponent(user.id)}/link`, { method: 'POST' })
      if (made.link) onLink(made.link)
    } catch (error) {
      toastError(error)
    }
  }
  return (
    <ActionTable label="People" columns={['Name', 'Email address', 'Role', 'Added']} actions="Actions">
      {users.map((user) => (
        <tr key={user.id}>
          <td>
            <span className="strong">{user.name}</span>
            {user.id === me?.id ? <span className="dim"> (you)</span> : null} {user.status === 'active' ? null : <span className="badge">{user.status === 'disabled' ? 'Disabled' : 'Erased'}</span>}
          </td>
          <td>{user.email ?? <span className="dim">erased</span>}</td>
          <td>
            {user.status === 'erased' ? (
              roleLabel(user.role)
            ) : (
              <Select
                label={`Role of ${user.name}`}
                className="people-role"
                value={user.role}
                options={ROLES.map(([role]) => [role, roleLabel(role)])}
                onChange={(next) => {
                  const role = next as Role
                  void change(user, { role }, `${user.name} is now ${roleLabel(role)}.`)
                }}
              />
            )}
          </td>
          <td>{formatDay(user.created_at)}</td>
          <td className="right">
            {user.status === 'erased' ? null : (
              <Menu
                label={`Actions for ${user.name}`}
                variant="quiet"
                small
                icon
                entries={[
                  { id: 'link', text: 'New sign-in link', label: 'New sign-in link', onAction: () => void newLink(user) },
                  user.status === 'active'
                    ? { id: 'disable', text: 'Disable', label: 'Disable the account', onAction: () => void change(user, { status: 'disabled' }, `${user.name} can no longer sign in.`) }
                    : { id: 'enable', text: 'Enable', label: 'Enable the account', onAction: () => void change(user, { status: 'active' }, `${user.name} can sign in again.`) },
                  ...(user.id === me?.id ? [] : [{ id: 'erase', text: 'Erase', label: 'Erase the person…', onAction: () => onErase(user) }]),
                ]}
              >
                <MoreIcon />
              </Menu>
            )}
          </td>
        </tr>
      ))}
    </ActionTable>
  )
}

function PersonForm({ onCancel, onAdded }: { onCancel: () => void; onAdded: (added: UserLink) => void }) {
  const submit = async (fields: FormData) => {
    const body = { email: fields.get('email'), name: fields.get('name'), role: fields.get('role') }
    const added = await request<UserLink>('users', { method: 'POST', body })
    await queryClient.invalidateQueries({ queryKey: ['users'] })
    onAdded(added)
  }
  return (
    <Form fields={['name', 'email']} action="Add" submit={submit} onCancel={onCancel}>
      {(problem) => (
        <>
          <TextField name="name" label="Name" maxLength={200} autoFocus problem={problem} />
          <TextField name="email" label="Email address" type="email" problem={problem} />
          <fieldset className="choices">
            <legend className="field-label">Role</legend>
            {ROLES.map(([role, text]) => (
              <label key={role} className="row person-role">
                <input type="radio" name="role" value={role} defaultChecked={role === 'viewer'} />
                <span>
                  {roleLabel(role)} <span className="dim small">{text}</span>
                </span>
              </label>
            ))}
          </fieldset>
        </>
      )}
    </Form>
  )
}
