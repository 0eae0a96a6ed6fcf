import { useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { readShared, shared, type SharedText } from '../../lib/share'
import { Button } from '../../ui/button'
import { Copied } from '../../ui/copied'
import { Dialog } from '../../ui/dialog'
import { toast } from '../../ui/toast'
import type { Drafts } from './drafts'
import { pathProblem } from './new-file'

/** Makes a link to texts that are not saved: the changed ones, or the one that is shown. */
export function ShareButton({ path, text, drafts }: { path: string; text: string; drafts: Drafts }) {
  const [link, setLink] = useState<string>()
  const share = async () => {
    const changed = Object.entries(drafts).map(([name, draft]) => ({ path: name, text: draft.text }))
    const hash = await shared(changed.length > 0 ? changed : [{ path, text }])
    if (hash === undefined) toast('The texts are too long for a link. Save them, or share fewer files.', { look: 'poor' })
    else setLink(`${location.origin}/policies${hash}`)
  }
  const close = () => setLink(undefined)
  return (
    <>
      <Button small variant="quiet" onClick={() => void share()}>
        Share…
      </Button>
      <Dialog title="Share the texts" isOpen={link !== undefined} onClose={close}>
        <Copied label="Link" text={link ?? ''} note="Administrators who open it see the texts on the inventory of this project. They are in the link itself, and nothing is saved." onClose={close} />
      </Dialog>
    </>
  )
}

/** Takes the texts of a link, once, except where somebody has a text of their own that is not saved. */
export function useSharedTexts(drafts: Drafts, onRead: (texts: SharedText[]) => void): void {
  const navigate = useNavigate()
  useEffect(() => {
    const read = async () => {
      const texts = await readShared(location.hash)
      if (texts === undefined) return
      const usable = (texts ?? []).filter((one) => pathProblem(one.path, []) === undefined && drafts[one.path] === undefined)
      await navigate({ to: '/policies', search: usable[0] ? { file: usable[0].path } : {}, replace: true })
      onRead(usable)
      if (texts === null) toast('The link is damaged: copy it again, whole.', { look: 'poor' })
      else if (usable.length < texts.length) toast('Some texts of the link were left out: you have changed these files yourself.', { look: 'poor' })
      else toast('These texts are from a link. Nothing is saved.')
    }
    void read()
  }, [])
}
