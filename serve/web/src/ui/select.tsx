import { type ReactNode, type SelectHTMLAttributes, useId } from 'react'

/** A value, and what it is called. */
export type Option = readonly [value: string, text: string]

interface Props extends Omit<SelectHTMLAttributes<HTMLSelectElement>, 'onChange' | 'children'> {
  label: string
  options: readonly Option[]
  onChange?: (value: string) => void
}

/** Values that are called what they are. */
export const plainOptions = (values: readonly string[]): Option[] => values.map((value) => [value, value])

/** A choice of one of several texts, next to what it changes. */
export function Select({ label, options, onChange, className = 'select-small', ...select }: Props) {
  return (
    <select className={`input ${className}`} aria-label={label} onChange={(event) => onChange?.(event.target.value)} {...select}>
      {options.map(([value, text]) => (
        <option key={value} value={value}>
          {text}
        </option>
      ))}
    </select>
  )
}

/** A choice in a form, with its label above it and perhaps help below. */
export function SelectField({ label, help, ...select }: Props & { help?: ReactNode }) {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <Select id={id} label={label} className="" {...select} aria-describedby={help ? `${id}-help` : undefined} />
      {help ? (
        <p id={`${id}-help`} className="field-help">
          {help}
        </p>
      ) : null}
    </div>
  )
}
