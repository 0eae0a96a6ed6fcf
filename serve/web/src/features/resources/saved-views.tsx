import { useQuery } from '@tanstack/react-query'
import { useNavigate, useRouter } from '@tanstack/react-router'
import { useState } from 'react'
import { request } from '../../api/client'
import { queries, queryClient } from '../../api/queries'
import type { SavedView } from '../../api/types'
import { readView, type ResourceView } from '../../lib/view'
import { Dialog } from '../../ui/dialog'
import { Form, TextField } from '../../ui/form'
import { BookmarkIcon } from '../../ui/icons'
import { Menu } from '../../ui/menu'
import { toast, toastError } from '../../ui/toast'

/** Views by name, one's own and shared ones: opened, saved, removed, or passed on as the link that they are. */
export function SavedViews({ view }: { view: ResourceView }) {
  const router = useRouter()
  const navigate = useNavigate()
  const views = useQuery(queries.views()).data?.items ?? []
  const [isSaving, setSaving] = useState(false)
  const query = (router.options.stringifySearch?.({ ...view, open: undefined } as Record<string, unknown>) ?? '').replace(/^\?/, '')
  const current = views.find((one) => one.query === query)
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(location.href)
      toast('The link to this view is on the clipboard.')
    } catch {
      toast('The browser does not allow copying. The link is in the address bar.', { look: 'poor' })
    }
  }
  const open = (saved: SavedView) => void navigate({ to: '/resources', search: readView(router.options.parseSearch?.(`?${saved.query}`) ?? {}) })
  const remove = async (saved: SavedView) => {
    try {
      await request(`views/${encodeURIComponent(saved.id)}`, { method: 'DELETE' })
      toast(`“${saved.name}” is removed.`)
    } catch (error) {
      toastError(error)
    } finally {
      await queryClient.invalidateQueries({ queryKey: ['views'] })
    }
  }
  return (
    <>
      <Menu
        label="Views"
        icon
        entries={[
          { id: 'copy', text: 'Copy the link', label: 'Copy the link to this view', onAction: () => void copy() },
          current?.is_own
            ? { id: 'remove', text: 'Remove', label: `Remove “${current.name}”`, onAction: () => void remove(current) }
            : { id: 'save', text: 'Save', label: 'Save this view…', onAction: () => setSaving(true) },
          ...views.map((saved) => ({
            id: `view ${saved.id}`,
            text: saved.name,
            label: (
              <>
                {saved.name} {saved.is_own ? null : <span className="dim small">{saved.owner_name}</span>}
              </>
            ),
            isSelected: saved === current,
            onAction: () => open(saved),
          })),
        ]}
      >
        <BookmarkIcon />
      </Menu>
      <Dialog title="Save this view" isOpen={isSaving} onClose={() => setSaving(false)} dismissable={false}>
        <SaveForm query={query} onClose={() => setSaving(false)} />
      </Dialog>
    </>
  )
}

function SaveForm({ query, onClose }: { query: string; onClose: () => void }) {
  const submit = async (fields: FormData) => {
    const body = { name: String(fields.get('name')).trim(), query, shared: fields.get('shared') === 'on' }
    await request('views', { method: 'POST', body })
    await queryClient.invalidateQueries({ queryKey: ['views'] })
    toast(body.shared ? `“${body.name}” is saved for everybody.` : `“${body.name}” is saved.`)
    onClose()
  }
  return (
    <Form fields={['name']} action="Save" submit={submit} onCancel={onClose}>
      {(problem) => (
        <>
          <p className="dim">Filter, facets, order and columns are kept under a name.</p>
          <TextField name="name" label="Name" maxLength={200} autoFocus problem={problem} />
          <label className="row">
            <input type="checkbox" className="check" name="shared" /> Share it with everybody who sees this project
          </label>
        </>
      )}
    </Form>
  )
}
