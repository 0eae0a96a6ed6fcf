import { useQuery } from '@tanstack/react-query'
import { Link, Outlet, useNavigate } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useMemo, useState } from 'react'
import { request, whenSignedOut } from '../api/client'
import { queries, queryClient } from '../api/queries'
import { SignInForm } from '../features/sign-in/form'
import { formatAgo, formatCompact, formatTime } from '../lib/format'
import { UploadHost } from '../parts/upload-button'
import { Dialog } from '../ui/dialog'
import { Logo, MoreIcon, PersonIcon, SearchIcon } from '../ui/icons'
import { Menu } from '../ui/menu'
import { Toasts, toastError } from '../ui/toast'
import { Announcer } from './announcer'
import { useLive } from './live'
import { PAGES } from './pages'
import { roleLabel, useMe } from './session'
import { ShortcutHelp } from './shortcut-help'
import { useShortcuts } from './shortcuts'
import { setTheme, type Theme, useTheme } from './theme'
import './shell.css'

const Palette = lazy(() => import('./palette').then((module) => ({ default: module.Palette })))

export function Shell() {
  const navigate = useNavigate()
  const [isPaletteOpen, setPaletteOpen] = useState(false)
  const [isHelpOpen, setHelpOpen] = useState(false)
  const [isSignedOut, setSignedOut] = useState(false)
  useEffect(() => {
    whenSignedOut(() => setSignedOut(true))
    return () => whenSignedOut(() => {})
  }, [])
  const shortcuts = useMemo(
    () => ({
      'mod+k': () => setPaletteOpen(true),
      '?': () => setHelpOpen(true),
      ...Object.fromEntries(PAGES.map((page) => [page.key, () => void navigate({ to: page.to })])),
    }),
    [navigate],
  )
  useShortcuts(shortcuts)
  useLive()
  return (
    <div className="app">
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <Sidebar onSearch={() => setPaletteOpen(true)} />
      <div className="content">
        <Suspense>
          <Outlet />
        </Suspense>
      </div>
      <Tabs />
      <Announcer />
      <Toasts />
      <UploadHost />
      {isPaletteOpen ? (
        <Suspense>
          <Palette onClose={() => setPaletteOpen(false)} onHelp={() => setHelpOpen(true)} />
        </Suspense>
      ) : null}
      <ShortcutHelp isOpen={isHelpOpen} onClose={() => setHelpOpen(false)} />
      <Dialog title="Your session has ended" isOpen={isSignedOut} onClose={() => {}} dismissable={false}>
        <p className="dim">Sign in to go on where you were. Nothing that you typed is lost.</p>
        <SignInForm
          onSignedIn={() => {
            setSignedOut(false)
            void queryClient.invalidateQueries()
          }}
        />
      </Dialog>
    </div>
  )
}

function Sidebar({ onSearch }: { onSearch: () => void }) {
  const { data: summary } = useQuery(queries.compliance())
  return (
    <header className="side">
      <Link to="/" className="brand">
        <Logo />
        tagpol
      </Link>
      <button type="button" className="side-search" onClick={onSearch}>
        <SearchIcon />
        <span className="grow">Search</span>
        <kbd>{isMac() ? '⌘K' : 'Ctrl K'}</kbd>
      </button>
      <nav aria-label="Pages" className="side-nav">
        {PAGES.map(({ to, label, Icon }) => (
          <Link key={to} to={to} activeOptions={{ exact: to === '/', includeSearch: false }} className="side-link">
            <Icon />
            <span className="grow">{label}</span>
            {to === '/resources' && summary ? <small>{formatCompact(summary.resources)}</small> : null}
          </Link>
        ))}
      </nav>
      <div className="side-foot">
        {summary ? (
          <p className="side-note" title={formatTime(summary.last_checked)}>
            Evaluated {formatAgo(summary.last_checked)}
          </p>
        ) : null}
        <Account />
      </div>
    </header>
  )
}

function Account() {
  const me = useMe()
  const theme = useTheme()
  const navigate = useNavigate()
  const themes: [Theme, string][] = [
    ['system', 'Theme of the system'],
    ['light', 'Light theme'],
    ['dark', 'Dark theme'],
  ]
  const signOut = async () => {
    try {
      await request<void>('auth/logout', { method: 'POST' })
      queryClient.clear()
      await navigate({ to: '/sign-in' })
    } catch (error) {
      toastError(error)
    }
  }
  return (
    <Menu
      label="Account"
      variant="quiet"
      {...(me ? { head: `${me.name} · ${roleLabel(me.role)}` } : {})}
      entries={[
        ...themes.map(([value, label]) => ({ id: value, label, text: label, isSelected: theme === value, onAction: () => setTheme(value) })),
        { id: 'sign-out', label: 'Sign out', text: 'Sign out', onAction: () => void signOut() },
      ]}
    >
      <PersonIcon />
      <span className="account-name truncate">{me?.name}</span>
      <span className="hidden-visually">Account</span>
    </Menu>
  )
}

/** The navigation of a phone: the pages used there, and the rest behind a button. */
function Tabs() {
  const navigate = useNavigate()
  const [first, rest] = [PAGES.slice(0, 4), PAGES.slice(4)]
  return (
    <nav aria-label="Main pages" className="tabs">
      {first.map(({ to, label, Icon }) => (
        <Link key={to} to={to} activeOptions={{ exact: to === '/', includeSearch: false }} className="tab">
          <Icon size={19} />
          {label}
        </Link>
      ))}
      <div className="tab tab-more">
        <Menu
          label="More pages"
          variant="quiet"
          entries={rest.map(({ to, label, Icon }) => ({
            id: to,
            text: label,
            label: (
              <span className="row">
                <Icon /> {label}
              </span>
            ),
            onAction: () => void navigate({ to }),
          }))}
        >
          <MoreIcon size={19} />
          More
        </Menu>
      </div>
    </nav>
  )
}

function isMac(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.userAgent)
}
