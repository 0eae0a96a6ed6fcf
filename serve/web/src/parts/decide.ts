/** Decisions about tags of one resource, and what follows from them on the screen. */
import { request } from '../api/client'
import { refreshAfterDecision } from '../api/queries'
import type { ResourceDetail, Suggestion, TagChange, VirtualTag } from '../api/types'
import { toast, toastError } from '../ui/toast'

/** The part of a suggestion that a decision names. */
export type DecidedSuggestion = Pick<Suggestion, 'key' | 'value'>

async function apply(key: string, change: TagChange): Promise<void> {
  await request('virtual-tags/apply', { method: 'POST', body: { resources: [key], changes: [change] } })
}

/** What a write may replace: the decision that was read. Without one, none may exist. */
function expected(tag: VirtualTag): { etag?: string } {
  if (tag.version !== null) return { etag: `"${tag.version}"` }
  return tag.decided_by ? { etag: '*' } : {}
}

/** The tag as the server has it now. */
export async function readTag(tag: VirtualTag): Promise<VirtualTag | undefined> {
  const key = tag.id.slice('vt_'.length, 'vt_'.length + 16)
  const resource = await request<ResourceDetail>(`resources/${key}`)
  return resource.virtual_tags.find((one) => one.key === tag.key)
}

export async function setTag(tag: VirtualTag, value: string, note: string): Promise<void> {
  await request(`virtual-tags/${encodeURIComponent(tag.id)}`, {
    method: 'PUT',
    body: { value, ...(note.trim() ? { note: note.trim() } : {}) },
    ...expected(tag),
  })
  await refreshAfterDecision()
  toast(`${tag.key} is now ${value}.`)
}

/** Takes a decision back, so that rules and native tags apply again. */
export async function removeDecision(tag: VirtualTag): Promise<void> {
  try {
    await request(`virtual-tags/${encodeURIComponent(tag.id)}`, { method: 'DELETE', ...expected(tag) })
    await refreshAfterDecision()
    toast(`The decision about ${tag.key} was removed. The policies apply again.`)
  } catch (error) {
    toastError(error)
  }
}

export async function confirmTag(key: string, tag: VirtualTag): Promise<void> {
  try {
    await apply(key, { action: 'confirm', key: tag.key, ...(tag.value === null ? {} : { value: tag.value }) })
    await refreshAfterDecision()
    toast(`${tag.key} = ${tag.value} is confirmed.`)
  } catch (error) {
    toastError(error)
  }
}

export async function acceptSuggestion(key: string, suggestion: DecidedSuggestion): Promise<void> {
  const { value } = suggestion
  try {
    await apply(key, { action: 'confirm', key: suggestion.key, value })
    await refreshAfterDecision()
    const undo = async () => {
      try {
        await request(`virtual-tags/vt_${key}_${encodeURIComponent(suggestion.key)}`, { method: 'DELETE', etag: '*' })
        await refreshAfterDecision()
      } catch (error) {
        toastError(error)
      }
    }
    toast(`${suggestion.key} is now ${value}.`, { action: { label: 'Undo', run: () => void undo() } })
  } catch (error) {
    toastError(error)
  }
}

export async function rejectSuggestion(key: string, suggestion: DecidedSuggestion): Promise<void> {
  try {
    await apply(key, { action: 'reject', key: suggestion.key, value: suggestion.value })
    await refreshAfterDecision()
    toast(`Rejected. ${suggestion.value} will not be suggested again for ${suggestion.key}.`)
  } catch (error) {
    toastError(error)
  }
}
