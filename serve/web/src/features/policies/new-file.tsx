import { type FormEvent, useState } from 'react'
import { Button } from '../../ui/button'
import { Dialog } from '../../ui/dialog'

/** Why a path cannot be one of a policy file; undefined if it can. */
export function pathProblem(path: string, paths: readonly string[]): string | undefined {
  if (!path.endsWith('.tagpol')) return 'The name of a policy file ends with .tagpol.'
  if (!/^[\w.-]+(\/[\w.-]+)*$/.test(path) || path.split('/').some((part) => /^\.+$/.test(part))) return 'Use letters, digits, -, _ and ., with / between folders.'
  if (paths.includes(path)) return 'There is a file with this name.'
  return undefined
}

export function NewFile({ paths, onAdd }: { paths: string[]; onAdd: (path: string) => void }) {
  const [isOpen, setOpen] = useState(false)
  const [problem, setProblem] = useState<string>()
  const folder = paths[0]?.includes('/') ? paths[0].slice(0, paths[0].lastIndexOf('/') + 1) : ''
  const close = () => {
    setOpen(false)
    setProblem(undefined)
  }
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const path = String(new FormData(event.currentTarget).get('path')).trim()
    const found = pathProblem(path, paths)
    setProblem(found)
    if (found) return
    close()
    onAdd(path)
  }
  return (
    <>
      <Button small variant="quiet" onClick={() => setOpen(true)}>
        New file
      </Button>
      <Dialog title="New policy file" isOpen={isOpen} onClose={close} dismissable={false}>
        <form className="stack" onSubmit={submit} noValidate>
          <div className="field">
            <label htmlFor="new-file-path">Path in the project</label>
            <input id="new-file-path" name="path" className="input" defaultValue={`${folder}new.tagpol`} autoFocus autoComplete="off" aria-invalid={problem !== undefined || undefined} aria-describedby="new-file-problem" />
            <p id="new-file-problem" className="field-error" role="alert">
              {problem}
            </p>
          </div>
          <div className="dialog-actions">
            <Button onClick={close}>Cancel</Button>
            <Button type="submit" variant="primary">
              Add
            </Button>
          </div>
        </form>
      </Dialog>
    </>
  )
}
