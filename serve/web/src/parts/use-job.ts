import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { queries } from '../api/queries'
import type { Job } from '../api/types'

/** Whether a job will not change any more. */
export function hasEnded(job: Pick<Job, 'status'>): boolean {
  return job.status !== 'queued' && job.status !== 'running'
}

/** Follows a job, and calls a function once when it has ended. undefined: no job, or nothing is known of it yet. */
export function useJob(id: string | undefined, onEnd?: (job: Job) => void): Job | undefined {
  const { data: job } = useQuery({
    ...queries.job(id ?? ''),
    enabled: id !== undefined,
    // Events tell it as well, but a stream may be away.
    refetchInterval: (query) => (query.state.data && hasEnded(query.state.data) ? false : 1_000),
  })
  const told = useRef<string | undefined>(undefined)
  useEffect(() => {
    if (!job || job.id !== id || !hasEnded(job) || told.current === id) return
    told.current = id
    onEnd?.(job)
  }, [job, id, onEnd])
  return id === undefined ? undefined : job
}
