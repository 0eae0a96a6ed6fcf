import { useSyncExternalStore } from 'react'
import { Problem } from '../api/client'
import { Button } from './button'
import { CloseIcon } from './icons'
import { sentence } from './states'

interface Toast {
  id: number
  text: string
  look: 'good' | 'poor'
  action?: { label: string; run: () => void } | undefined
}

let toasts: readonly Toast[] = []
let nextId = 1
const listeners = new Set<() => void>()

function change(next: readonly Toast[]): void {
  toasts = next
  for (const listener of listeners) listener()
}

function remove(id: number): void {
  change(toasts.filter((toast) => toast.id !== id))
}

/** Shows a message for a while; one with an action stays longer. */
export function toast(text: string, options: { look?: 'good' | 'poor'; action?: Toast['action'] } = {}): void {
  const { look = 'good', action } = options
  const id = nextId++
  change([...toasts.slice(-2), { id, text, look, action }])
  setTimeout(() => remove(id), action || look === 'poor' ? 10_000 : 5_000)
}

/** Shows why something failed. */
export function toastError(error: unknown): void {
  if (error instanceof Problem) {
    const { detail, help } = error.body
    toast([detail, help].filter((part): part is string => Boolean(part)).map(sentence).join(' '), { look: 'poor' })
  } else toast(sentence(error instanceof Error ? error.message : String(error)), { look: 'poor' })
}

export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => toasts,
  )
  return (
    <section className="toasts" aria-live="polite" aria-label="Messages">
      {shown.map((one) => (
        <div key={one.id} className={`toast toast-${one.look}`}>
          <span className="grow wrap-anywhere">{one.text}</span>
          {one.action ? (
            <Button
              small
              onClick={() => {
                one.action?.run()
                remove(one.id)
              }}
            >
              {one.action.label}
            </Button>
          ) : null}
          <Button small variant="quiet" icon aria-label="Dismiss" onClick={() => remove(one.id)}>
            <CloseIcon size={14} />
          </Button>
        </div>
      ))}
    </section>
  )
}
