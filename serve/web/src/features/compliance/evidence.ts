/** What an auditor needs of the compliance: controls, checks, findings, waivers, decisions and history, each with its hash. */
import { request } from '../../api/client'
import type { AuditEntry, CheckResult, ComplianceSummary, Finding, Policy, TrendPoint, Verification } from '../../api/types'
import { csv } from '../../lib/csv'
import { zip, type ZipEntry } from '../../lib/zip'

/** What the files are made of. */
export interface Evidence {
  /** The framework whose controls count. null: all policies. */
  framework: string | null
  summary: ComplianceSummary
  policies: Policy[]
  findings: Finding[]
  trend: TrendPoint[]
  /** null: the role does not include reading them. */
  decisions: AuditEntry[] | null
  verification: Verification | null
}

/** The policies that support a framework; all of them without one. */
export function policiesOf(policies: readonly Policy[], framework: string | null): Policy[] {
  return policies.filter((policy) => framework === null || policy.controls.some((control) => control.framework === framework))
}

export function frameworksOf(policies: readonly Policy[]): string[] {
  return [...new Set(policies.flatMap((policy) => policy.controls.map((control) => control.framework)))].sort()
}

async function pages<T>(path: string, params: Record<string, string | undefined>): Promise<T[]> {
  const all: T[] = []
  let cursor: string | undefined
  do {
    const page: { items: T[]; next?: string | null } = await request(path, { params: { ...params, limit: 500, cursor } })
    all.push(...page.items)
    cursor = page.next ?? undefined
  } while (cursor)
  return all
}

/** Reads everything from the server. */
export async function collect(framework: string | null, mayReadAudit: boolean): Promise<Evidence> {
  const all = (await request<{ items: Policy[] }>('compliance/policies')).items
  const policies = policiesOf(all, framework)
  const names = framework === null ? undefined : policies.map((policy) => policy.name).join(',')
  return {
    framework,
    summary: await request<ComplianceSummary>('compliance/status'),
    policies,
    findings: policies.length === 0 ? [] : await pages<Finding>('compliance/findings', { policy: names }),
    trend: (await request<{ items: TrendPoint[] }>('compliance/trend')).items,
    decisions: mayReadAudit ? await pages<AuditEntry>('audit-trail', {}) : null,
    verification: mayReadAudit ? await request<Verification>('audit-trail/verify', { method: 'POST' }) : null,
  }
}

/** Whether a check holds: nothing is open, pending or unknown. */
function result(check: CheckResult): string {
  if (check.in_scope === 0) return 'not applicable'
  if (check.open > 0) return 'fails'
  if (check.pending > 0) return 'within its grace'
  return check.exempt > 0 ? 'passes with waivers' : 'passes'
}

/** The files by their names, in the order of a reader. */
export function files(evidence: Evidence, at: Date): [name: string, text: string][] {
  const { framework, summary, policies, findings, trend, decisions, verification } = evidence
  const names = new Set(policies.map((policy) => policy.name))
  const checks = summary.checks.filter((check) => names.has(check.policy))
  const controls = policies.flatMap((policy) =>
    policy.controls
      .filter((control) => framework === null || control.framework === framework)
      .flatMap((control) => checks.filter((check) => check.policy === policy.name).map((check) => [control.framework, control.id, policy.name, check.check, result(check), check.in_scope, check.open, check.pending, check.exempt])),
  )
  const counts = 'in_scope,open,pending,waived'.split(',')
  const tables: [string, string][] = [
    ['controls.csv', csv(['framework', 'control', 'policy', 'check', 'result', ...counts], controls)],
    ['checks.csv', csv(['policy', 'check', 'severity', 'asks_for', 'result', ...counts], checks.map((one) => [one.policy, one.check, one.severity, one.message, result(one), one.in_scope, one.open, one.pending, one.exempt]))],
    ['findings.csv', csv(['fingerprint', 'policy', 'check', 'severity', 'state', 'resource', 'tag', 'value', 'since', 'message', 'monthly_cost'], findings.map((one) => [one.fingerprint, one.policy, one.check, one.severity, one.state, one.resource_id, one.tag, one.value, one.since, one.message, one.monthly_cost]))],
    ['waivers.csv', csv(['policy', 'check', 'until', 'because'], policies.flatMap((policy) => policy.waivers.map((one) => [policy.name, one.check ?? 'all', one.until, one.because])))],
    ['history.csv', csv(['at', 'score', 'resources', 'without_open_findings'], trend.map((one) => [one.at, one.score, one.resources, one.compliant]))],
  ]
  if (decisions) tables.push(['decisions.csv', csv(['number', 'at', 'by', 'action', 'about', 'details', 'hash'], decisions.map((one) => [one.seq, one.timestamp, one.performed_by, one.action, one.object, JSON.stringify(one.details), one.hash]))])
  return [['README.txt', introduction(evidence, verification, at)], ...tables]
}

function introduction({ framework, summary, decisions }: Evidence, verification: Verification | null, at: Date): string {
  const chain = !verification
    ? 'decisions.csv is left out: the role of the person who made this pack does not include the audit trail.'
    : verification.intact
      ? `The hash chain of all ${verification.entries} entries of the audit trail was verified and is intact.`
      : `The hash chain of the audit trail is broken at entry ${verification.broken_at ?? '?'}: ${verification.reason ?? 'no reason is known'}.`
  return [
    `Evidence of compliance${framework ? ` with ${framework}` : ''}`,
    '',
    `Made at ${at.toISOString()} from evaluation ${summary.generation} of ${summary.last_checked}.`,
    `${summary.resources} resources, of which ${summary.in_scope} are in the scope of a policy.`,
    '',
    'controls.csv   what each control asks for, and whether it holds',
    'checks.csv     each check with its counts',
    'findings.csv   each finding: open, within its grace, waived, or undetermined',
    'waivers.csv    what need not hold for a while, and why',
    'history.csv    the score of each recorded evaluation',
    ...(decisions ? ['decisions.csv  who decided what, each entry with its hash'] : []),
    'manifest.json  the SHA-256 of each file',
    '',
    chain,
    '',
  ].join('\n')
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Everything as one file. */
export async function pack(evidence: Evidence, at: Date): Promise<Blob> {
  const entries: ZipEntry[] = files(evidence, at).map(([name, text]) => ({ name, bytes: new TextEncoder().encode(text) }))
  const hashes = await Promise.all(entries.map(async ({ name, bytes }) => [name, await sha256(bytes)] as const))
  const manifest = JSON.stringify({ made_at: at.toISOString(), framework: evidence.framework, generation: evidence.summary.generation, sha256: Object.fromEntries(hashes) }, null, 2)
  return zip([...entries, { name: 'manifest.json', bytes: new TextEncoder().encode(`${manifest}\n`) }], at)
}
