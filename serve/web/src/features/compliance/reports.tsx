import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { queries } from '../../api/queries'
import { useReason } from '../../app/session'
import { download } from '../../lib/csv'
import { PaperButton } from '../../parts/paper-button'
import { DownloadIcon } from '../../ui/icons'
import { Menu } from '../../ui/menu'
import { toastError } from '../../ui/toast'
import { compliancePaper } from './paper'
import { collect, frameworksOf, pack } from './evidence'

/** Paper and evidence of what the page shows. */
export function Reports() {
  const policies = useQuery(queries.policies()).data?.items ?? []
  const mayReadAudit = useReason('read_audit') === undefined
  const [isBusy, setBusy] = useState(false)
  const save = async (framework: string | null) => {
    setBusy(true)
    try {
      const now = new Date()
      download(`evidence-${framework ?? 'all'}-${now.toISOString().slice(0, 10)}.zip`, await pack(await collect(framework, mayReadAudit), now))
    } catch (error) {
      toastError(error)
    } finally {
      setBusy(false)
    }
  }
  const choices = [null, ...frameworksOf(policies)]
  return (
    <>
      <Menu
        label="Evidence"
        head={isBusy ? 'Reading everything…' : 'For auditors, as a ZIP file'}
        entries={choices.map((framework) => ({
          id: framework ?? '',
          text: framework ?? 'All policies',
          label: framework ?? 'All policies',
          onAction: () => void save(framework),
        }))}
      >
        <DownloadIcon /> Evidence
      </Menu>
      <PaperButton name={`compliance-${new Date().toISOString().slice(0, 10)}.pdf`} collect={compliancePaper} />
    </>
  )
}
