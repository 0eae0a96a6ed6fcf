import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { request } from '../../api/client'
import { queries, queryClient } from '../../api/queries'
import type { Role, Token } from '../../api/types'
import { roleLabel, useMe } from '../../app/session'
import { formatDay } from '../../lib/format'
import { ActionTable } from '../../ui/action-table'
import { Button } from '../../ui/button'
import { Copied } from '../../ui/copied'
import { Dialog } from '../../ui/dialog'
import { Form, TextField } from '../../ui/form'
import { SelectField } from '../../ui/select'
import { LoadingCards, QueryState, State } from '../../ui/states'
import { toast, toastError } from '../../ui/toast'
import { Section } from './section'

const ROLES: Role[] = ['viewer', 'editor', 'admin', 'super_admin']

/** API tokens of one's own. */
export function Tokens() {
  const tokens = useQuery(queries.tokens())
  const [isAdding, setAdding] = useState(false)
  const [secret, setSecret] = useState<string>()
  return (
    <Section title="API tokens" note="For programs. A token does at most what you may do." action={<Button onClick={() => setAdding(true)}>New token</Button>}>
      <QueryState query={tokens} loading={<LoadingCards heights={[80]} />}>
        {(data) => <TokenTable tokens={data.items.filter((token) => token.revoked_at === null)} />}
      </QueryState>
      <Dialog title="New API token" isOpen={isAdding} onClose={() => setAdding(false)} dismissable={false}>
        <TokenForm
          onCancel={() => setAdding(false)}
          onAdded={(made) => {
            setAdding(false)
            setSecret(made)
          }}
        />
      </Dialog>
      <Dialog title="Copy the token now" isOpen={secret !== undefined} onClose={() => setSecret(undefined)} dismissable={false}>
        <Copied label="Token" text={secret ?? ''} note="It is shown only this once. Keep it like a password." onClose={() => setSecret(undefined)} />
      </Dialog>
    </Section>
  )
}

function TokenTable({ tokens }: { tokens: Token[] }) {
  const revoke = async (token: Token) => {
    try {
      await request<void>(`tokens/${encodeURIComponent(token.id)}`, { method: 'DELETE' })
      await queryClient.invalidateQueries({ queryKey: ['tokens'] })
      toast(`The token “${token.name}” is revoked.`)
    } catch (error) {
      toastError(error)
    }
  }
  if (tokens.length === 0) {
    return (
      <State title="No tokens">
        <p>Make one for a script, a pipeline or a spreadsheet.</p>
      </State>
    )
  }
  return (
    <ActionTable label="API tokens" columns={['Name', 'Role', 'Created', 'Expires']} actions="Revoke">
      {tokens.map((token) => (
        <tr key={token.id}>
          <td className="strong">{token.name}</td>
          <td>{roleLabel(token.role)}</td>
          <td>{formatDay(token.created_at)}</td>
          <td>{token.expires_at ? formatDay(token.expires_at) : 'Never'}</td>
          <td className="right">
            <Button small variant="danger" aria-label={`Revoke ${token.name}`} onClick={() => void revoke(token)}>
              Revoke
            </Button>
          </td>
        </tr>
      ))}
    </ActionTable>
  )
}

function TokenForm({ onCancel, onAdded }: { onCancel: () => void; onAdded: (secret: string) => void }) {
  const me = useMe()
  const submit = async (fields: FormData) => {
    const day = String(fields.get('expires') ?? '')
    const body = { name: String(fields.get('name')).trim(), role: fields.get('role'), ...(day ? { expires_at: `${day}T00:00:00Z` } : {}) }
    const { secret } = await request<{ id: string; secret: string }>('tokens', { method: 'POST', body })
    await queryClient.invalidateQueries({ queryKey: ['tokens'] })
    onAdded(secret)
  }
  const allowed = ROLES.slice(0, ROLES.indexOf(me?.role ?? 'viewer') + 1)
  return (
    <Form fields={['name', 'expires']} action="Make the token" submit={submit} onCancel={onCancel}>
      {(problem) => (
        <>
          <TextField name="name" label="Name" maxLength={200} autoFocus problem={problem} help="What it is for" />
          <SelectField name="role" label="Role" defaultValue="viewer" options={allowed.map((role) => [role, roleLabel(role)])} />
          <TextField name="expires" label="Expires (optional)" type="date" required={false} problem={problem} />
        </>
      )}
    </Form>
  )
}
