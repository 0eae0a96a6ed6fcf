import { useNavigate, useRouter } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { readViews, removeView, type SavedView, saveView } from '../../lib/saved-views'
import { readView, type ResourceView } from '../../lib/view'
import { Button } from '../../ui/button'
import { Dialog } from '../../ui/dialog'
import { BookmarkIcon } from '../../ui/icons'
import { Menu } from '../../ui/menu'
import { toast } from '../../ui/toast'

/** Views by name: opened, saved, removed, or shared as the link that they are. */
export function SavedViews({ view }: { view: ResourceView }) {
  const router = useRouter()
  const navigate = useNavigate()
  const [views, setViews] = useState(() => readViews(localStorage))
  const [isSaving, setSaving] = useState(false)
  const search = router.options.stringifySearch?.({ ...view, open: undefined } as Record<string, unknown>) ?? ''
  const current = views.find((one) => one.search === search)
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(location.href)
      toast('The link to this view is on the clipboard.')
    } catch {
      toast('The browser does not allow copying. The link is in the address bar.', { look: 'poor' })
    }
  }
  const open = (saved: SavedView) => void navigate({ to: '/resources', search: readView(router.options.parseSearch?.(saved.search) ?? {}) })
  const remove = (saved: SavedView) => {
    removeView(localStorage, saved.name)
    setViews(readViews(localStorage))
  }
  return (
    <>
      <Menu
        label="Views"
        icon
        entries={[
          { id: 'copy', text: 'Copy the link', label: 'Copy the link to this view', onAction: () => void copy() },
          current
            ? { id: 'remove', text: 'Remove', label: `Remove “${current.name}”`, onAction: () => remove(current) }
            : { id: 'save', text: 'Save', label: 'Save this view…', onAction: () => setSaving(true) },
          ...views.map((saved) => ({ id: `view ${saved.name}`, text: saved.name, label: saved.name, isSelected: saved === current, onAction: () => open(saved) })),
        ]}
      >
        <BookmarkIcon />
      </Menu>
      <Dialog title="Save this view" isOpen={isSaving} onClose={() => setSaving(false)}>
        <SaveForm
          onCancel={() => setSaving(false)}
          onSave={(name) => {
            setSaving(false)
            const isStored = saveView(localStorage, { name, search })
            setViews(readViews(localStorage))
            toast(isStored ? `“${name}” is saved in this browser.` : 'The browser does not allow saving. Copy the link instead.', { look: isStored ? 'good' : 'poor' })
          }}
        />
      </Dialog>
    </>
  )
}

function SaveForm({ onCancel, onSave }: { onCancel: () => void; onSave: (name: string) => void }) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    onSave(String(new FormData(event.currentTarget).get('name')).trim())
  }
  return (
    <form className="stack" onSubmit={submit}>
      <p className="dim">Filter, facets, order and columns are kept in this browser under a name. To share a view, copy its link.</p>
      <div className="field">
        <label htmlFor="view-name">Name</label>
        <input id="view-name" className="input" name="name" required pattern=".*\S.*" maxLength={80} autoFocus autoComplete="off" />
      </div>
      <div className="dialog-actions">
        <Button onClick={onCancel}>Cancel</Button>
        <Button type="submit" variant="primary">
          Save
        </Button>
      </div>
    </form>
  )
}
