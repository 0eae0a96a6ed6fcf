import { type ButtonHTMLAttributes, type ReactNode, type Ref, useId } from 'react'

export type Variant = 'plain' | 'primary' | 'quiet' | 'danger'

interface ButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'disabled'> {
  variant?: Variant
  small?: boolean
  icon?: boolean
  /** Why it cannot be used now. It stays in the tab order, so that the reason can be read. */
  reason?: string | false | null | undefined
  busy?: boolean
  children: ReactNode
  ref?: Ref<HTMLButtonElement>
}

export function buttonClass(variant: Variant = 'plain', small = false, icon = false): string {
  return `button button-${variant}${small ? ' button-small' : ''}${icon ? ' button-icon' : ''}`
}

export function Button({ variant, small, icon, reason, busy, children, onClick, title, ...rest }: ButtonProps) {
  const id = useId()
  const isBlocked = Boolean(reason) || busy
  return (
    <>
      <button
        type="button"
        {...rest}
        className={buttonClass(variant, small, icon)}
        aria-disabled={isBlocked || undefined}
        aria-busy={busy || undefined}
        aria-describedby={reason ? id : rest['aria-describedby']}
        title={reason || title}
        onClick={(event) => {
          if (isBlocked) event.preventDefault()
          else onClick?.(event)
        }}
      >
        {children}
      </button>
      {reason ? (
        <span id={id} hidden>
          {reason}
        </span>
      ) : null}
    </>
  )
}

/** A choice of a few, each one a button. */
export function Segmented<T extends string>({ label, value, options, onChange }: { label: string; value: T; options: readonly { value: T; label: string }[]; onChange: (value: T) => void }) {
  return (
    <div className="segmented" role="group" aria-label={label}>
      {options.map((option) => (
        <button key={option.value} type="button" aria-pressed={option.value === value} onClick={() => onChange(option.value)}>
          {option.label}
        </button>
      ))}
    </div>
  )
}
