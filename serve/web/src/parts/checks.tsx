import type { ComplianceState, Violation } from '../api/types'
import { formatDay } from '../lib/format'
import { Code, severityLabel } from '../ui/badge'
import { capitalized } from '../ui/states'
import './checks.css'

const STATES: Record<Violation['state'], string> = {
  open: 'Open',
  pending: 'In its grace period',
  exempt: 'Waived',
  undetermined: 'Undetermined',
}

/** The checks that a resource does not pass, each with what fixes it. */
export function Checks({ compliance }: { compliance: ComplianceState }) {
  if (compliance.violations.length === 0) {
    return <p className="dim">{compliance.status === 'out_of_scope' ? 'No policy applies to this resource.' : 'Every check passes.'}</p>
  }
  return (
    <ul className="checks">
      {compliance.violations.map((finding) => (
        <li key={`${finding.policy}/${finding.check}`} className="check-row">
          <span className={`dot dot-${finding.state === 'open' ? finding.severity : 'none'}`} aria-hidden="true" />
          <div className="stack check-text">
            <p className="wrap-anywhere">
              <Code text={capitalized(finding.message)} />
            </p>
            <p className="dim small">
              {severityLabel(finding.severity)} · {finding.policy}
              {finding.state === 'open' ? '' : ` · ${STATES[finding.state]}`}
              {finding.since ? ` · since ${formatDay(finding.since)}` : ''}
              </p>
            {finding.state === 'open' && finding.tag ? (
              <p className="small">
                Fix: set <code>{finding.tag}</code>
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
    </ul>
  )
}
