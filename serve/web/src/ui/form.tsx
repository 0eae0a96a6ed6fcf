import type { InputHTMLAttributes } from 'react'
import { useId } from 'react'
import type { Problem } from '../api/client'
import { sentence } from './states'

/** Whether a problem is about a field of the form. */
function isAbout(problem: Problem | undefined, name: string): boolean {
  return problem?.body.pointer === `/${name}`
}

interface TextFieldProps extends Omit<InputHTMLAttributes<HTMLInputElement>, 'value' | 'name'> {
  name: string
  label: string
  value?: string
  help?: string
  problem: Problem | undefined
}

/** A field with its label, its help, and what the server says is wrong with it. */
export function TextField({ name, label, value, help, problem, ...input }: TextFieldProps) {
  const id = useId()
  const isWrong = isAbout(problem, name)
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input id={id} className="input" name={name} defaultValue={value} required autoComplete="off" aria-invalid={isWrong || undefined} aria-describedby={isWrong || help ? `${id}-help` : undefined} {...input} />
      {isWrong ? (
        <p id={`${id}-help`} className="field-error" role="alert">
          {sentence(problem?.body.detail ?? '')}
        </p>
      ) : help ? (
        <p id={`${id}-help`} className="field-help">
          {help}
        </p>
      ) : null}
    </div>
  )
}

/** A problem that no field shows. */
export function FormProblem({ problem, fields }: { problem: Problem | undefined; fields: string[] }) {
  return (
    <div role="alert">
      {problem && !fields.some((name) => isAbout(problem, name)) ? (
        <p className="field-error">
          {sentence(problem.body.detail)} {problem.body.help ? sentence(problem.body.help) : ''}
        </p>
      ) : null}
    </div>
  )
}
