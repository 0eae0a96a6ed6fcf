/** Jobs and schedules. */
import type { Job, Schedule } from '../src/api/types'
import { NOW } from './data.ts'

export function job(id: string, queue: string, kind: string, status: Job['status'], minutesAgo: number, error: string | null, progress: Job['progress'] = null): Job {
  const at = new Date(NOW.getTime() - minutesAgo * 60_000).toISOString()
  return { id, queue, kind, status, attempt: status === 'dead' ? 5 : 1, progress, result: null, error, requested_by: 'system', requested_by_name: 'system', run_at: at, created_at: at, updated_at: at }
}

export const SCHEDULES: Schedule[] = [
  { name: 'reingest-resources', cron: '0 */6 * * *', zone: 'UTC', queue: 'virtual_tags.ingestion', next_at: '2026-11-30T12:00:00Z', last_at: '2026-11-30T06:00:00Z', enabled: true },
  { name: 'compliance-sweep', cron: '0 2 * * *', zone: 'UTC', queue: 'virtual_tags.compliance', next_at: '2026-12-01T02:00:00Z', last_at: '2026-11-30T02:00:00Z', enabled: true },
  { name: 'retrain-models', cron: '0 0 * * 1', zone: 'UTC', queue: 'virtual_tags.inference', next_at: '2026-12-07T00:00:00Z', last_at: '2026-11-30T00:00:00Z', enabled: true },
  { name: 'cleanup-audit', cron: '0 0 1 * *', zone: 'UTC', queue: 'virtual_tags.audit', next_at: '2026-12-01T00:00:00Z', last_at: null, enabled: true },
  { name: 'generate-reports', cron: '0 6 * * 1-5', zone: 'UTC', queue: 'notify', next_at: '2026-12-01T06:00:00Z', last_at: '2026-11-30T06:00:00Z', enabled: false },
]

/** The first jobs, the newest first. */
export const JOBS: Job[] = [
  job('job_5', 'virtual_tags.compliance', 'recheck', 'done', 42, null),
  job('job_4', 'virtual_tags.ingestion', 'snapshot fetch', 'running', 2, null, { done: 31_000, total: 54_000 }),
  job('job_3', 'notify', 'digest', 'dead', 180, 'mail.shop.example refused the connection 5 times; check the channel `finance-mail`'),
  job('job_2', 'virtual_tags.inference', 'train', 'done', 1440, null),
  job('job_1', 'virtual_tags.audit', 'archive', 'cancelled', 4000, null),
]
