import { lazy, Suspense, useSyncExternalStore } from 'react'
import { useReason } from '../app/session'
import { Button, type Variant } from '../ui/button'
import { UploadIcon } from '../ui/icons'

const UploadDialog = lazy(() => import('./upload-dialog').then((module) => ({ default: module.UploadDialog })))

let isOpen = false
const listeners = new Set<() => void>()

function setOpen(next: boolean): void {
  isOpen = next
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Opens the dialog that takes the file of an inventory or a bill. */
export function UploadButton({ variant = 'plain' }: { variant?: Variant }) {
  const reason = useReason('manage_snapshots')
  return (
    <Button variant={variant} reason={reason} onClick={() => setOpen(true)}>
      <UploadIcon /> Upload…
    </Button>
  )
}

/** Where the dialog is. It stays when an upload replaces the page with its button by another one. */
export function UploadHost() {
  const isShown = useSyncExternalStore(subscribe, () => isOpen)
  return isShown ? (
    <Suspense>
      <UploadDialog onClose={() => setOpen(false)} />
    </Suspense>
  ) : null
}
