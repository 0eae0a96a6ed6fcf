import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate, useRouter } from '@tanstack/react-router'
import { useState } from 'react'
import { Problem, request } from '../../api/client'
import { queries, queryClient } from '../../api/queries'
import { Button, buttonClass } from '../../ui/button'
import { Logo } from '../../ui/icons'
import { sentence } from '../../ui/states'
import { SignInForm } from './form'
import './sign-in.css'

const route = getRouteApi('/sign-in')

export function SignInPage() {
  const { next } = route.useSearch()
  const router = useRouter()
  const navigate = useNavigate()
  // A one-time link carries its secret behind `#`, which browsers never send by themselves.
  const [link] = useState(() => location.hash.slice(1))
  const enter = async () => {
    queryClient.clear()
    if (next) router.history.push(next)
    else await navigate({ to: '/' })
  }
  return (
    <main className="sign-in" id="main" tabIndex={-1}>
      <title>Sign in · tagpol</title>
      <div className="card sign-in-card">
        <div className="row">
          <Logo />
          <h1>Sign in to tagpol</h1>
        </div>
        {link ? <LinkForm link={link} onSignedIn={() => void enter()} /> : <SignInForm onSignedIn={() => void enter()} />}
        {link ? null : <Providers next={next} />}
        <p className="dim small">
          No account? Ask the person who runs this server. The first administrator signs in with the link that{' '}
          <code>tagpol serve</code> prints.
        </p>
      </div>
    </main>
  )
}

/** Other ways to sign in, if the server has any. */
function Providers({ next }: { next: string | undefined }) {
  const { data } = useQuery(queries.providers())
  if (!data || data.items.length === 0) return null
  return (
    <div className="stack sign-in-providers">
      <p className="dim small">or</p>
      {data.items.map((provider) => (
        <a key={provider.id} className={buttonClass('plain')} href={`${provider.start}${next ? `?next=${encodeURIComponent(next)}` : ''}`}>
          Sign in with {provider.title}
        </a>
      ))}
    </div>
  )
}

function LinkForm({ link, onSignedIn }: { link: string; onSignedIn: () => void }) {
  const [error, setError] = useState<string>()
  const [isBusy, setBusy] = useState(false)
  const use = async () => {
    setBusy(true)
    try {
      await request<void>('auth/login', { method: 'POST', body: { link } })
      history.replaceState(null, '', location.pathname)
      onSignedIn()
    } catch (caught) {
      setError(caught instanceof Problem ? sentence(caught.body.detail) : 'The link could not be used.')
    } finally {
      setBusy(false)
    }
  }
  if (error) {
    return (
      <>
        <p role="alert" className="field-error">
          {error}
        </p>
        <SignInForm onSignedIn={onSignedIn} />
      </>
    )
  }
  return (
    <>
      <p className="dim">This is a one-time link. It signs you in on this browser and cannot be used again.</p>
      <Button variant="primary" busy={isBusy} onClick={() => void use()}>
        Continue
      </Button>
    </>
  )
}
