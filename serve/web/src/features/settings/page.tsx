import { request } from '../../api/client'
import { roleLabel, useMe } from '../../app/session'
import { setTheme, type Theme, useTheme } from '../../app/theme'
import { Segmented } from '../../ui/button'
import { Form, TextField } from '../../ui/form'
import { toast } from '../../ui/toast'
import { Inventory } from './inventory'
import { People } from './people'
import { Section } from './section'
import { Retention, SignOn } from './server'
import { Tenants } from './tenants'
import { Tokens } from './tokens'
import './settings.css'

export function SettingsPage() {
  const me = useMe()
  return (
    <main className="page" id="main" tabIndex={-1}>
      <header className="page-head">
        <div>
          <h1>Settings</h1>
          <p className="dim">{me ? [me.name, roleLabel(me.role), `project ${me.projects.join(', ')}`].join(' · ') : ' '}</p>
        </div>
      </header>
      <div className="grid grid-2 grid-start">
        <Appearance />
        <Password />
      </div>
      <Inventory />
      <Tokens />
      <People />
      <SignOn />
      <Retention />
      <Tenants />
    </main>
  )
}

function Appearance() {
  const theme = useTheme()
  const options: { value: Theme; label: string }[] = [
    { value: 'system', label: 'As the system' },
    { value: 'light', label: 'Light' },
    { value: 'dark', label: 'Dark' },
  ]
  return (
    <Section title="Appearance" note="Kept in this browser">
      <div className="card-body">
        <Segmented label="Theme" value={theme} options={options} onChange={setTheme} />
      </div>
    </Section>
  )
}

function Password() {
  const submit = async (fields: FormData, element: HTMLFormElement) => {
    await request<void>('auth/password', { method: 'PUT', body: { current: fields.get('current') || null, new: fields.get('new') } })
    element.reset()
    toast('The password is changed. Other sessions have ended.')
  }
  return (
    <Section title="Password" note="Changing it ends all other sessions">
      <Form className="card-body" fields={['current', 'new']} action="Change the password" submit={submit}>
        {(problem) => (
          <>
            <TextField name="current" label="Current password" type="password" autoComplete="current-password" required={false} problem={problem} help="Leave it empty if you have only used a link so far" />
            <TextField name="new" label="New password" type="password" autoComplete="new-password" minLength={12} problem={problem} help="12 to 256 characters" />
          </>
        )}
      </Form>
    </Section>
  )
}
