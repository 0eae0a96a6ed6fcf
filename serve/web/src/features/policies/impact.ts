/** What an edit of policies changes in findings and money, from two evaluations of the language server. */

export interface CheckCounts {
  policy: string
  check: string
  severity: string
  open: number
  costInViolation: number | null
}

/** What `tagpol/evaluate` returns. */
export interface Evaluation {
  resources: number
  compliant: number
  score: number | null
  costInViolation: number | null
  currency: string | null
  checks: CheckCounts[]
}

export interface CheckImpact {
  policy: string
  check: string
  severity: string
  /** Open findings before and after; undefined: there is no such check. */
  before: number | undefined
  after: number | undefined
  /** The cost of resources with an open finding, after less before. Null: not known. */
  cost: number | null
}

const keyOf = (check: CheckCounts) => `${check.policy}/${check.check}`

/** The checks whose findings change, the largest change first. */
export function impactOf(before: Evaluation, after: Evaluation): CheckImpact[] {
  const old = new Map(before.checks.map((check) => [keyOf(check), check]))
  const now = new Map(after.checks.map((check) => [keyOf(check), check]))
  const all = [...new Set([...old.keys(), ...now.keys()])].map((key): CheckImpact | undefined => {
    const [was, is] = [old.get(key), now.get(key)]
    const known = is ?? was
    if (!known) return undefined
    const costs = [was, is].map((one) => (one ? one.costInViolation : 0))
    const cost = costs.every((one) => one !== null) ? Number(costs[1]) - Number(costs[0]) : null
    return { policy: known.policy, check: known.check, severity: known.severity, before: was?.open, after: is?.open, cost }
  })
  const change = (one: CheckImpact) => Math.abs((one.after ?? 0) - (one.before ?? 0))
  return all.filter((one): one is CheckImpact => one !== undefined && (change(one) > 0 || (one.before === undefined) !== (one.after === undefined))).toSorted((a, b) => change(b) - change(a))
}
