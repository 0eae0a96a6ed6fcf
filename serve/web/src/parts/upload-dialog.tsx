import { useQuery } from '@tanstack/react-query'
import { type DragEvent, type FormEvent, useEffect, useRef, useState } from 'react'
import { Problem } from '../api/client'
import { queries, refresh } from '../api/queries'
import type { Enqueued, Job } from '../api/types'
import { formatPercent, plural } from '../lib/format'
import { ENDINGS, refusal, sendFile } from '../lib/upload'
import { Meter } from '../ui/badge'
import { Button } from '../ui/button'
import { Dialog } from '../ui/dialog'
import { LoadingCards, QueryState, sentence } from '../ui/states'
import { useJob } from './use-job'
import './upload.css'

/** Takes the file of an inventory or a bill, and shows what becomes of it. */
export function UploadDialog({ onClose }: { onClose: () => void }) {
  const snapshots = useQuery(queries.snapshots())
  return (
    <Dialog title="Upload an inventory or a bill" isOpen onClose={onClose} dismissable={false}>
      <QueryState query={snapshots} loading={<LoadingCards heights={[160]} />}>
        {(data) => (data.are_served ? <Upload hasOne={data.items.length > 0} onClose={onClose} /> : <Listed onClose={onClose} />)}
      </QueryState>
    </Dialog>
  )
}

/** A project whose manifest lists files has no use for uploads. */
function Listed({ onClose }: { onClose: () => void }) {
  return (
    <div className="stack form">
      <p>
        The inventory of this project is read from the files that <code>inventory</code> in <code>tagpol.toml</code> lists, so that an upload would not be shown.
      </p>
      <p className="dim">Replace those files and it is evaluated again within seconds; or remove the line, and the newest upload is the inventory instead.</p>
      <div className="dialog-actions">
        <Button variant="primary" onClick={onClose}>
          Close
        </Button>
      </div>
    </div>
  )
}

function Upload({ hasOne, onClose }: { hasOne: boolean; onClose: () => void }) {
  const [file, setFile] = useState<File>()
  const [share, setShare] = useState<number>()
  const [problem, setProblem] = useState<Problem>()
  const [job, setJob] = useState<string>()
  const stop = useRef<AbortController>(undefined)
  useEffect(() => () => stop.current?.abort(), [])
  const reason = file ? refusal(file) : 'Choose a file first'
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (!file || reason) return
    setProblem(undefined)
    setShare(0)
    stop.current = new AbortController()
    try {
      setJob((await sendFile<Enqueued>('snapshots', file, setShare, stop.current.signal)).job)
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      setProblem(error)
    } finally {
      setShare(undefined)
    }
  }
  if (job) return <Reading job={job} name={file?.name ?? ''} onAgain={() => setJob(undefined)} onClose={onClose} />
  const isSending = share !== undefined
  return (
    <form className="stack form" onSubmit={(event) => void submit(event)}>
      <p className="dim">
        A FOCUS, AWS, Azure, Google Cloud or Oracle bill, an export of a cloud, or any list of resources.{hasOne ? ' It takes the place of the inventory that is shown; decisions about tags stay.' : ''}
      </p>
      <FilePicker file={file} isBusy={isSending} onPick={setFile} />
      <div role="alert">
        {problem ? (
          <p className="field-error">
            {sentence(problem.body.detail)} {problem.body.help ? sentence(problem.body.help) : ''}
          </p>
        ) : file && reason ? (
          <p className="field-error">{reason}</p>
        ) : null}
      </div>
      {isSending ? (
        <div role="progressbar" aria-label="Sending the file" aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(100 * share)}>
          <Meter share={share} />
          <p className="dim small">{formatPercent(share)} sent</p>
        </div>
      ) : null}
      <div className="dialog-actions">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" variant="primary" busy={isSending} reason={reason}>
          Upload
        </Button>
      </div>
    </form>
  )
}

function FilePicker({ file, isBusy, onPick }: { file: File | undefined; isBusy: boolean; onPick: (file: File) => void }) {
  const [isOver, setOver] = useState(false)
  const drop = (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    const [dropped] = event.dataTransfer.files
    if (dropped && !isBusy) onPick(dropped)
  }
  return (
    <label
      className={`upload${isOver ? ' upload-over' : ''}`}
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <span className="strong wrap-anywhere">{file ? file.name : 'Choose a file, or drop it here'}</span>
      <span className="dim small">{file ? formatBytes(file.size) : ENDINGS.map((one) => `.${one}`).join(' ')}</span>
      <input
        type="file"
        className="hidden-visually"
        aria-label="File"
        accept={ENDINGS.map((one) => `.${one}`).join(',')}
        disabled={isBusy}
        onChange={(event) => {
          const [picked] = event.target.files ?? []
          if (picked) onPick(picked)
        }}
      />
    </label>
  )
}

function formatBytes(size: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB']
  const step = size === 0 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(size) / 3))
  return `${(size / 1000 ** step).toFixed(step === 0 ? 0 : 1)} ${units[step]}`
}

/** What the job of an upload reports. */
interface Made {
  resources?: number
  rejected?: number
}

function Reading({ job: id, name, onAgain, onClose }: { job: string; name: string; onAgain: () => void; onClose: () => void }) {
  const job = useJob(id, () => void refresh('snapshots'))
  return (
    <div className="stack form">
      <div role="status">
        <Outcome job={job} name={name} />
      </div>
      <div className="dialog-actions">
        {job?.status === 'dead' ? <Button onClick={onAgain}>Choose another file</Button> : null}
        <Button variant="primary" onClick={onClose}>
          {job?.status === 'done' ? 'Done' : 'Close'}
        </Button>
      </div>
    </div>
  )
}

function Outcome({ job, name }: { job: Job | undefined; name: string }) {
  if (job?.status === 'done') {
    const { resources = 0, rejected = 0 } = (job.result ?? {}) as Made
    return (
      <>
        <p className="strong">{plural(resources, 'resource')} in the inventory</p>
        <p className="dim">{rejected === 0 ? 'Every row was read. All pages show the new numbers.' : `${plural(rejected, 'row')} could not be read, and ${rejected === 1 ? 'is' : 'are'} not in it. All pages show the new numbers.`}</p>
      </>
    )
  }
  if (job?.status === 'dead' || job?.status === 'cancelled') {
    return (
      <>
        <p className="strong wrap-anywhere">{name} was not read</p>
        <p className="field-error wrap-anywhere">{sentence(job.error ?? 'The job was canceled')}</p>
      </>
    )
  }
  return (
    <>
      <p className="strong wrap-anywhere">Reading {name}</p>
      <p className="dim">{job?.error ? `${sentence(job.error)} It is tried again.` : 'Then the policies are evaluated. You can close this; it goes on.'}</p>
    </>
  )
}
