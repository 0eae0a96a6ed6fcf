/** What `POST changes` and `GET policy-revisions` return. */

export interface PolicyChange {
  id: string
  /** The revision that it begins at, which `If-Match` takes. */
  revision: string
  can_be_applied: boolean
  diagnostics: { file: string; code: string; level: 'error' | 'warning'; message: string; help: string | null; line: number }[]
  /** null: there are errors, or no inventory. */
  impact: PolicyImpact | null
}

export interface PolicyImpact {
  findings_entered: number
  findings_left: number
  findings_worsened: number
  cost_entered: string | null
  cost_left: string | null
  score_before: number
  score_after: number
  checks: { policy: string; check: string; severity: string; entered: number; left: number }[]
  tags: { key: string; resources: number; moves: { from: string | null; to: string | null; resources: number }[] }[]
}

export interface PolicyRevision {
  id: string
  parent: string | null
  made_by: string | null
  made_by_name: string | null
  at: string
  files: string[]
}
