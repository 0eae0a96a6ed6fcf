import type { ReactNode } from 'react'
import { LockIcon } from '../../ui/icons'

/** A card with a title, and perhaps a button. */
export function Section({ id, title, note, action, children }: { id?: string; title: string; note?: string; action?: ReactNode; children: ReactNode }) {
  return (
    <section className="card" id={id}>
      <div className="card-head">
        <div>
          <h2>{title}</h2>
          {note ? <p className="dim small">{note}</p> : null}
        </div>
        {action}
      </div>
      {children}
    </section>
  )
}

/** A part that only some roles may read: the others see that it exists, and why it is closed. */
export function Closed({ title, reason }: { title: string; reason: string }) {
  return (
    <Section title={title}>
      <p className="card-body row dim">
        <LockIcon /> {reason}
      </p>
    </Section>
  )
}
