import { useQuery } from '@tanstack/react-query'
import { useNavigate, useRouter } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { Problem, request } from '../../api/client'
import { queries, queryClient } from '../../api/queries'
import type { View } from '../../api/types'
import { readView, type ResourceView } from '../../lib/view'
import { Button } from '../../ui/button'
import { Dialog } from '../../ui/dialog'
import { BookmarkIcon } from '../../ui/icons'
import { Menu } from '../../ui/menu'
import { sentence } from '../../ui/states'
import { toast } from '../../ui/toast'

/** Views by name: opened, saved, or shared as the link that they are. */
export function SavedViews({ view }: { view: ResourceView }) {
  const router = useRouter()
  const navigate = useNavigate()
  const { data } = useQuery(queries.views())
  const [isSaving, setSaving] = useState(false)
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(location.href)
      toast('The link to this view is on the clipboard.')
    } catch {
      toast('The browser does not allow copying. The link is in the address bar.', { look: 'poor' })
    }
  }
  const open = (saved: View) => {
    const search = router.options.parseSearch?.(saved.search) ?? {}
    void navigate({ to: '/resources', search: readView(search) })
  }
  return (
    <>
      <Menu
        label="Views"
        icon
        entries={[
          { id: 'copy', text: 'Copy the link', label: 'Copy the link to this view', onAction: () => void copy() },
          { id: 'save', text: 'Save', label: 'Save this view…', onAction: () => setSaving(true) },
          ...(data?.items ?? []).map((saved) => ({ id: saved.id, text: saved.name, label: saved.name, onAction: () => open(saved) })),
        ]}
      >
        <BookmarkIcon />
      </Menu>
      <Dialog title="Save this view" isOpen={isSaving} onClose={() => setSaving(false)}>
        <SaveForm search={router.options.stringifySearch?.(view as Record<string, unknown>) ?? ''} onDone={() => setSaving(false)} />
      </Dialog>
    </>
  )
}

function SaveForm({ search, onDone }: { search: string; onDone: () => void }) {
  const [error, setError] = useState<string>()
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    try {
      await request<View>('views', { method: 'POST', body: { name: form.get('name'), search, shared: form.get('shared') === 'on' } })
      await queryClient.invalidateQueries({ queryKey: ['views'] })
      toast('The view is saved.')
      onDone()
    } catch (caught) {
      setError(caught instanceof Problem ? sentence(caught.body.detail) : String(caught))
    }
  }
  return (
    <form className="stack" onSubmit={(event) => void submit(event)}>
      <p className="dim">Filter, facets, order and columns are saved under a name.</p>
      <div className="field">
        <label htmlFor="view-name">Name</label>
        <input id="view-name" className="input" name="name" required maxLength={100} autoFocus autoComplete="off" />
      </div>
      <label className="row">
        <input type="checkbox" className="check" name="shared" /> Show it to everyone in this project
      </label>
      <div role="alert">{error ? <p className="field-error">{error}</p> : null}</div>
      <div className="dialog-actions">
        <Button onClick={onDone}>Cancel</Button>
        <Button type="submit" variant="primary">
          Save
        </Button>
      </div>
    </form>
  )
}
