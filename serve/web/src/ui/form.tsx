import { type FormEvent, type InputHTMLAttributes, type ReactNode, useId, useState } from 'react'
import { Problem } from '../api/client'
import { Button } from './button'
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
function FormProblem({ problem, fields }: { problem: Problem | undefined; fields: string[] }) {
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

interface FormProps {
  /** Names of the fields that show what is wrong with them, as the server points to them. */
  fields: string[]
  /** What the button that submits is called. */
  action: string
  /** Sends what is in the fields. What it throws is shown, and nothing that was typed is lost. */
  submit: (fields: FormData, element: HTMLFormElement) => Promise<void>
  /** Without it there is no way out but submitting. */
  onCancel?: () => void
  className?: string
  children: (problem: Problem | undefined) => ReactNode
}

/** Fields, what the server says is wrong with them, and the buttons below. */
export function Form({ fields, action, submit, onCancel, className = '', children }: FormProps) {
  const [problem, setProblem] = useState<Problem>()
  const [isBusy, setBusy] = useState(false)
  const send = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const element = event.currentTarget
    setBusy(true)
    setProblem(undefined)
    try {
      await submit(new FormData(element), element)
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      setProblem(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <form className={`stack form ${className}`} onSubmit={(event) => void send(event)}>
      {children(problem)}
      <FormProblem problem={problem} fields={fields} />
      <div className={onCancel ? 'dialog-actions' : ''}>
        {onCancel ? <Button onClick={onCancel}>Cancel</Button> : null}
        <Button type="submit" variant={onCancel ? 'primary' : 'plain'} busy={isBusy}>
          {action}
        </Button>
      </div>
    </form>
  )
}
