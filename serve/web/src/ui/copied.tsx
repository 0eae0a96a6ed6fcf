import { useId } from 'react'
import { Button } from './button'
import { toast } from './toast'

/** A text to be copied: a link, or a secret that is shown once. */
export function Copied({ label, text, note, onClose }: { label: string; text: string; note: string; onClose: () => void }) {
  const id = useId()
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      toast('Copied.')
    } catch {
      document.getElementById(id)?.focus()
      toast('The browser does not allow copying. Select the text and copy it.', { look: 'poor' })
    }
  }
  return (
    <div className="stack form">
      <p className="dim">{note}</p>
      <div className="field">
        <label htmlFor={id}>{label}</label>
        <input id={id} className="input mono" readOnly value={text} onFocus={(event) => event.currentTarget.select()} />
      </div>
      <div className="dialog-actions">
        <Button onClick={() => void copy()}>Copy</Button>
        <Button variant="primary" onClick={onClose}>
          Done
        </Button>
      </div>
    </div>
  )
}
