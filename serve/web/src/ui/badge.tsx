import type { Compliance, Severity, TagSource } from '../api/types'

const SOURCES: Record<TagSource, [string, string]> = {
  native: ['native', 'Native tag'],
  rule_based: ['rule', 'Rule'],
  inferred: ['inferred', 'Model'],
  user_confirmed: ['decided', 'Confirmed'],
  manual: ['decided', 'Set by hand'],
  decided: ['decided', 'Decided'],
  default: ['default', 'Default'],
}

export function sourceLabel(source: TagSource): string {
  return SOURCES[source]?.[1] ?? source
}

export function SourceDot({ source }: { source: TagSource | null }) {
  return <span className={`dot dot-${source ? (SOURCES[source]?.[0] ?? 'default') : 'none'}`} aria-hidden="true" />
}

const COMPLIANCE: Record<Compliance, [string, string]> = {
  violating: ['poor', 'Violating'],
  pending: ['fair', 'Pending'],
  compliant: ['good', 'Compliant'],
  out_of_scope: ['plain', 'Out of scope'],
}

export function complianceLabel(compliance: string): string {
  return COMPLIANCE[compliance as Compliance]?.[1] ?? compliance
}

export function ComplianceBadge({ value }: { value: Compliance }) {
  const [look, label] = COMPLIANCE[value] ?? ['plain', value]
  return <span className={`badge badge-${look}`}>{label}</span>
}

const SEVERITIES: Record<Severity, string> = { critical: 'Critical', high: 'High', medium: 'Medium', low: 'Low' }

export function severityLabel(severity: string): string {
  return SEVERITIES[severity as Severity] ?? severity
}

export function SeverityBadge({ value }: { value: Severity }) {
  return (
    <span className="badge">
      <span className={`dot dot-${value}`} aria-hidden="true" />
      {severityLabel(value)}
    </span>
  )
}

/** A bar for a share from 0 to 1. */
export function Meter({ share, look = '' }: { share: number; look?: '' | 'inferred' | 'good' | 'poor' }) {
  return (
    <div className={`meter${look ? ` meter-${look}` : ''}`} aria-hidden="true">
      <span style={{ width: `${Math.round(Math.min(1, Math.max(0, share)) * 100)}%` }} />
    </div>
  )
}

/** Text of the server with `code` in it. */
export function Code({ text }: { text: string }) {
  return text.split(/`([^`]*)`/).map((part, at) => (at % 2 === 1 ? <code key={at}>{part}</code> : part))
}

/** A type or an id, which breaks after its separators rather than within its words. */
export function Breakable({ text }: { text: string }) {
  return text.split(/(?<=[/:])/).map((part, at) => (
    <span key={at}>
      {part}
      <wbr />
    </span>
  ))
}
