import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { queries } from '../../api/queries'
import { formatMoney, formatPercent, formatProvider } from '../../lib/format'
import { Checks } from '../../parts/checks'
import { Suggestions } from '../../parts/suggestions'
import { Tags } from '../../parts/tags'
import { ComplianceBadge } from '../../ui/badge'
import { Button, buttonClass } from '../../ui/button'
import { CloseIcon } from '../../ui/icons'
import { ErrorState, LoadingCards } from '../../ui/states'

/** The open resource next to the list. */
export function Panel({ resourceKey, onClose }: { resourceKey: string; onClose: () => void }) {
  const { data: resource, error, refetch } = useQuery(queries.resource(resourceKey))
  return (
    <aside className="card panel" aria-label="Resource">
      <div className="panel-close">
        <Button variant="quiet" small icon aria-label="Close the resource" onClick={onClose}>
          <CloseIcon />
        </Button>
      </div>
      {resource ? (
        <div className="panel-body">
          <div className="stack panel-head">
            <h2 className="wrap-anywhere">
              <Link to="/resources/$key" params={{ key: resource.key }}>
                {resource.resource_name ?? resource.resource_id}
              </Link>
            </h2>
            <p className="mono dim wrap-anywhere">{resource.resource_id}</p>
            <p className="row row-wrap small">
              <ComplianceBadge value={resource.compliance_status.status} />
              {resource.compliance_status.score === null ? null : <span className="dim">Score {formatPercent(resource.compliance_status.score)}</span>}
              <span className="dim">{formatMoney(resource.monthly_cost, resource.currency)}</span>
            </p>
            <p className="dim small">{[formatProvider(resource.provider), resource.resource_type, resource.account, resource.region].filter(Boolean).join(' · ')}</p>
          </div>
          <Tags resource={resource} />
          {resource.ml_suggestions.length > 0 ? (
            <section>
              <h3 className="panel-title">Suggestions</h3>
              <Suggestions resource={resource} />
            </section>
          ) : null}
          <section>
            <h3 className="panel-title">Checks</h3>
            <Checks compliance={resource.compliance_status} />
          </section>
          <Link to="/resources/$key" params={{ key: resource.key }} className={buttonClass('plain')}>
            Timeline, cost and neighbors
          </Link>
        </div>
      ) : error ? (
        <ErrorState error={error} retry={() => void refetch()} />
      ) : (
        <div className="panel-body">
          <LoadingCards heights={[70, 240, 120]} />
        </div>
      )}
    </aside>
  )
}
