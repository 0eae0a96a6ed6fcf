import { useState } from 'react'
import { Button } from '../ui/button'
import { DownloadIcon } from '../ui/icons'
import { toastError } from '../ui/toast'
import { type Paper, savePaper } from './paper'

/** Reads everything that a report has, and saves it as a PDF. */
export function PaperButton({ name, collect }: { name: string; collect: () => Promise<Paper> }) {
  const [isBusy, setBusy] = useState(false)
  const save = async () => {
    setBusy(true)
    try {
      await savePaper(name, await collect())
    } catch (error) {
      toastError(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Button busy={isBusy} onClick={() => void save()}>
      <DownloadIcon /> PDF
    </Button>
  )
}
