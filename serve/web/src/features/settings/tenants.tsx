import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { request } from '../../api/client'
import { queries, queryClient } from '../../api/queries'
import { useReason } from '../../app/session'
import { formatDay } from '../../lib/format'
import { Button } from '../../ui/button'
import { Dialog } from '../../ui/dialog'
import { Form, TextField } from '../../ui/form'
import { LoadingCards, QueryState } from '../../ui/states'
import { toast } from '../../ui/toast'
import { Closed, Section } from './section'

/** Organizations on this server. Each has its own people, projects and activity. */
export function Tenants() {
  const reason = useReason('manage_tenants')
  const tenants = useQuery({ ...queries.tenants(), enabled: !reason })
  const [isAdding, setAdding] = useState(false)
  if (reason) return <Closed title="Tenants" reason={reason} />
  return (
    <Section title="Tenants" note="Each has its own people, projects and activity, and sees nothing of the others" action={<Button onClick={() => setAdding(true)}>Add a tenant</Button>}>
      <QueryState query={tenants} loading={<LoadingCards heights={[80]} />}>
        {({ items }) => (
          <ul className="lines">
            {items.map((tenant) => (
              <li key={tenant.id} className="row spread">
                <span className="strong wrap-anywhere">{tenant.name}</span>
                <span className="dim small">
                  <code>{tenant.id}</code> · added {formatDay(tenant.created_at)}
                </span>
              </li>
            ))}
          </ul>
        )}
      </QueryState>
      <Dialog title="Add a tenant" isOpen={isAdding} onClose={() => setAdding(false)} dismissable={false}>
        <Form
          fields={['name']}
          action="Add"
          onCancel={() => setAdding(false)}
          submit={async (fields) => {
            const name = String(fields.get('name')).trim()
            await request('tenants', { method: 'POST', body: { name } })
            await queryClient.invalidateQueries({ queryKey: ['tenants'] })
            setAdding(false)
            toast(`${name} is added. You are its first user.`)
          }}
        >
          {(problem) => <TextField name="name" label="Name" maxLength={200} autoFocus problem={problem} />}
        </Form>
      </Dialog>
    </Section>
  )
}
