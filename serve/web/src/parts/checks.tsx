import type { ComplianceState, Violation } from '../api/types'
import { formatAgo, formatDay } from '../lib/format'
import { Code, severityLabel } from '../ui/badge'
import { CheckIcon } from '../ui/icons'
import './checks.css'

const STATES: Record<Violation['state'], string> = {
  open: 'Open',
  pending: 'In its grace period',
  exempt: 'Waived',
  undetermined: 'Undetermined',
}

/** The checks that apply to a resource: findings first, each with what fixes it. */
export function Checks({ compliance }: { compliance: ComplianceState }) {
  const passed = compliance.passed ?? []
  if (compliance.violations.length === 0 && passed.length === 0) {
    return <p className="dim">{compliance.status === 'out_of_scope' ? 'No policy applies to this resource.' : 'No findings.'}</p>
  }
  return (
    <ul className="checks">
      {compliance.violations.map((finding) => (
        <li key={`${finding.policy}/${finding.check}`} className="check-row">
          <span className={`dot dot-${finding.state === 'open' ? finding.severity : 'none'}`} aria-hidden="true" />
          <div className="stack check-text">
            <p>
              <Code text={finding.message} />
            </p>
            <p className="dim small">
              {severityLabel(finding.severity)} · {finding.policy}
              {finding.state === 'open' ? '' : ` · ${STATES[finding.state]}`}
              {finding.since ? ` · since ${formatDay(finding.since)}` : ''}
              {finding.escalates_at ? ` · escalates ${formatAgo(finding.escalates_at)}` : ''}
            </p>
            {finding.state === 'open' && finding.tag ? (
              <p className="small">
                Smallest fix: set <code>{finding.tag}</code>
                {finding.remedy ? (
                  <>
                    {' '}
                    to <code>{finding.remedy}</code>
                  </>
                ) : null}
              </p>
            ) : null}
          </div>
        </li>
      ))}
      {passed.map((check) => (
        <li key={`${check.policy}/${check.check}`} className="check-row">
          <span className="check-passed">
            <CheckIcon size={14} />
          </span>
          <p className="dim">
            <span className="hidden-visually">Passing: </span>
            <Code text={check.message} />
          </p>
        </li>
      ))}
    </ul>
  )
}
