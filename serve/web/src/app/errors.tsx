import { Link, type ErrorComponentProps } from '@tanstack/react-router'
import { buttonClass } from '../ui/button'
import { BoxIcon } from '../ui/icons'
import { ErrorState, State } from '../ui/states'

export function PageError({ error, reset }: ErrorComponentProps) {
  return (
    <main className="page" id="main" tabIndex={-1}>
      <div className="card">
        <ErrorState error={error} retry={reset} />
      </div>
    </main>
  )
}

export function NotFound() {
  return (
    <main className="page" id="main" tabIndex={-1}>
      <title>Not found · tagpol</title>
      <div className="card">
        <State
          title="There is no page at this address"
          icon={<BoxIcon size={28} />}
          actions={
            <Link to="/" className={buttonClass('primary')}>
              Go to the home page
            </Link>
          }
        >
          <p>The link may be old or incomplete.</p>
        </State>
      </div>
    </main>
  )
}
