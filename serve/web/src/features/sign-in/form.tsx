import { type FormEvent, useState } from 'react'
import { Problem, request } from '../../api/client'
import { Button } from '../../ui/button'
import { sentence } from '../../ui/states'

/** Email address and password. It stays as it is if signing in fails. */
export function SignInForm({ onSignedIn }: { onSignedIn: () => void }) {
  const [error, setError] = useState<string>()
  const [isBusy, setBusy] = useState(false)
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    setBusy(true)
    setError(undefined)
    try {
      await request<void>('auth/login', { method: 'POST', body: { email: form.get('email'), password: form.get('password') } })
      onSignedIn()
    } catch (caught) {
      setError(caught instanceof Problem ? sentence(caught.body.detail) : 'Signing in failed. Try again.')
    } finally {
      setBusy(false)
    }
  }
  return (
    <form className="stack sign-in-form" onSubmit={(event) => void submit(event)}>
      <div className="field">
        <label htmlFor="sign-in-email">Email address</label>
        <input id="sign-in-email" className="input" name="email" type="email" autoComplete="username" required autoFocus />
      </div>
      <div className="field">
        <label htmlFor="sign-in-password">Password</label>
        <input
          id="sign-in-password"
          className="input"
          name="password"
          type="password"
          autoComplete="current-password"
          required
          aria-invalid={error ? true : undefined}
          aria-describedby={error ? 'sign-in-error' : undefined}
        />
      </div>
      <div role="alert">
        {error ? (
          <p id="sign-in-error" className="field-error">
            {error}
          </p>
        ) : null}
      </div>
      <Button type="submit" variant="primary" busy={isBusy}>
        {isBusy ? 'Signing in…' : 'Sign in'}
      </Button>
    </form>
  )
}
