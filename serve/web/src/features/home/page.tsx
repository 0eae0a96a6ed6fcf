import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Problem } from '../../api/client'
import { isNotReady, queries } from '../../api/queries'
import type { ComplianceSummary, ListedSuggestion, TrendPoint } from '../../api/types'
import { useMe, useReason } from '../../app/session'
import { formatAgo, formatAmount, formatConfidence, formatCount, formatMoney, formatPercent, plural } from '../../lib/format'
import { lastDays, worstChecks } from '../../lib/summary'
import { DecideButtons } from '../../parts/decide-buttons'
import { UploadButton } from '../../parts/upload-button'
import { Code, severityLabel } from '../../ui/badge'
import { buttonClass } from '../../ui/button'
import { DownIcon, UpIcon } from '../../ui/icons'
import { Spark } from '../../ui/spark'
import { capitalized, ErrorState, LoadingCards, QueryState, sentence, Skeleton, State, useLastError } from '../../ui/states'
import './home.css'

export function HomePage() {
  const me = useMe()
  const summary = useQuery(queries.compliance())
  const error = useLastError(summary)
  return (
    <main className="page" id="main" tabIndex={-1}>
      <header className="page-head">
        <div>
          <h1>{me ? `Hello, ${me.name.split(' ')[0]}` : 'Home'}</h1>
          <p className="dim">{summary.data ? `${plural(summary.data.resources, 'resource')}, evaluated ${formatAgo(summary.data.last_checked)}` : ' '}</p>
        </div>
      </header>
      {isNotReady(error) ? (
        <NotReady problem={error} />
      ) : (
        <QueryState query={summary} loading={<LoadingCards heights={[160, 230, 230]} />}>
          {(data) => (data.resources === 0 ? <Empty /> : <Body summary={data} />)}
        </QueryState>
      )}
    </main>
  )
}

function Empty() {
  return (
    <div className="card">
      <State title="No resources yet" actions={<UploadButton variant="primary" />}>
        <p>Upload a bill, an export of a cloud, or a list of resources. Then this page shows the score, the cost without an owner, and what to fix first.</p>
      </State>
    </div>
  )
}

/** Before the first evaluation: there is no inventory, it is being evaluated, or it cannot be. */
function NotReady({ problem }: { problem: Problem }) {
  const isClosed = useReason('manage_snapshots') !== undefined
  const { data } = useQuery({ ...queries.snapshots(), enabled: !isClosed })
  if (data?.are_served && data.items.length === 0 && data.fetched_from.length === 0) return <Empty />
  return (
    <div className="card">
      <ErrorState error={problem} />
    </div>
  )
}

function Body({ summary }: { summary: ComplianceSummary }) {
  const trend = useQuery(queries.trend()).data?.items ?? []
  return (
    <>
      <div className="grid grid-3">
        <Score summary={summary} trend={trend} />
        <Unowned currency={summary.currency} />
        <Coverage summary={summary} />
      </div>
      <Worst summary={summary} />
      <Suggestions />
      <Changes summary={summary} trend={trend} />
    </>
  )
}

function Score({ summary, trend }: { summary: ComplianceSummary; trend: TrendPoint[] }) {
  const days = lastDays(trend, 30)
  const first = days[0]
  const change = summary.score === null || !first ? null : 100 * (summary.score - first.score)
  return (
    <section className="card">
      <div className="card-body home-figure">
        <h2 className="figure-label">Compliance score</h2>
        <p className="row row-wrap">
          <span className="figure-value">{summary.score === null ? 'No policy applies' : formatPercent(summary.score)}</span>
          {change !== null && Math.abs(change) >= 0.05 ? (
            <span className={`badge badge-${change > 0 ? 'good' : 'poor'}`}>
              {change > 0 ? <UpIcon size={11} /> : <DownIcon size={11} />}
              {Math.abs(change).toFixed(1)} points in {plural(days.length, 'day')}
            </span>
          ) : null}
        </p>
        {days.length > 1 ? (
          <Spark values={days.map((day) => day.score)} />
        ) : (
          <p className="dim small">
            {plural(summary.compliant, 'resource')} of {formatCount(summary.resources)} without an open finding
          </p>
        )}
        <Link to="/compliance" className="home-link">
          See compliance
        </Link>
      </div>
    </section>
  )
}

function Unowned({ currency }: { currency: string | null }) {
  const tags = useQuery(queries.schema()).data?.items
  const hasOwner = tags?.some((tag) => tag.key === 'owner') ?? false
  const { data } = useQuery({ ...queries.facets({ by: 'tag:owner' }), enabled: hasOwner })
  const missing = data?.items[0]?.values.find((one) => one.value === null)
  return (
    <section className="card">
      <div className="card-body home-figure">
        <h2 className="figure-label">Cost without an owner</h2>
        {tags && !hasOwner ? (
          <p className="dim">The policies have no tag named owner.</p>
        ) : !data ? (
          <Skeleton width={180} height={30} />
        ) : (
          <>
            <p>
              {missing?.monthly_cost || !missing ? (
                <>
                  <span className="figure-value">{formatAmount(missing?.monthly_cost ?? '0')}</span> <span className="figure-unit">{currency} a month</span>
                </>
              ) : (
                <span className="figure-value">No cost data</span>
              )}
            </p>
            <p className="dim small">{plural(missing?.resources ?? 0, 'resource')}</p>
          </>
        )}
        <Link to="/resources" search={{ filter: 'owner is missing' }} className="home-link">
          See the resources
        </Link>
      </div>
    </section>
  )
}

/** The tags with the most gaps. */
function Coverage({ summary }: { summary: ComplianceSummary }) {
  const worst = summary.tags.toSorted((a, b) => a.resources - b.resources).slice(0, 4)
  return (
    <section className="card">
      <div className="card-body home-figure">
        <h2 className="figure-label">Tags with the most gaps</h2>
        <ul className="coverage">
          {worst.map((tag) => (
            <li key={tag.key}>
              <Link to="/resources" search={{ filter: `${tag.key} is missing` }} className="row spread">
                <span className="truncate">{tag.key}</span>
                <span className="dim small">{formatPercent(tag.resources / summary.resources)} set</span>
              </Link>
            </li>
          ))}
        </ul>
      </div>
    </section>
  )
}

function Worst({ summary }: { summary: ComplianceSummary }) {
  const worst = worstChecks(summary.checks).slice(0, 3)
  return (
    <section className="card">
      <div className="card-head">
        <h2>Fix first</h2>
        <span className="dim small">By severity and cost</span>
      </div>
      {worst.length === 0 ? (
        <State title="Nothing to fix">
          <p>No check has an open finding.</p>
        </State>
      ) : (
        <ol className="lines worst">
          {worst.map((check) => (
            <li key={`${check.policy}/${check.check}`} className="row">
              <span className={`dot dot-${check.severity}`} aria-hidden="true" />
              <div className="grow">
                <p className="wrap-anywhere">
                  <Code text={capitalized(check.message)} />
                </p>
                <p className="dim small">
                  {severityLabel(check.severity)} · {check.policy}
                </p>
              </div>
              <div className="right worst-numbers">
                <p>{plural(check.open, 'resource')}</p>
                {check.monthly_cost ? <p className="dim small">{formatMoney(check.monthly_cost, summary.currency)}</p> : null}
              </div>
              <Link to="/resources" search={{ facets: { policy: [`${check.policy}/${check.check}`] } }} className={buttonClass('plain', true)}>
                Fix
                <span className="hidden-visually">
                  {' '}
                  {check.policy}, {check.check}
                </span>
              </Link>
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}

/** The suggestions that the model is most sure about, to be decided right here. */
function Suggestions() {
  const { data, error, refetch } = useQuery(queries.suggestions({ limit: 5 }))
  return (
    <section className="card">
      <div className="card-head">
        <h2>Suggestions</h2>
        <span className="dim small">The most confident first</span>
      </div>
      {data ? (
        data.items.length === 0 ? (
          <State title="No suggestions">
            <p>The model has nothing to add: tags are set, or it is not sure enough.</p>
          </State>
        ) : (
          <ul className="lines">
            {data.items.map((one) => (
              <SuggestionRow key={`${one.id}=${one.value}`} suggestion={one} />
            ))}
          </ul>
        )
      ) : error ? (
        <ErrorState error={error} retry={() => void refetch()} />
      ) : (
        <div className="card-body stack" aria-busy="true">
          <Skeleton height={34} />
          <Skeleton height={34} />
          <Skeleton height={34} />
        </div>
      )}
    </section>
  )
}

function SuggestionRow({ suggestion }: { suggestion: ListedSuggestion }) {
  const { key, value, confidence, current, reasons, resource_key, resource_id, resource_name } = suggestion
  return (
    <li className="row home-suggestion">
      <div className="grow">
        <p className="truncate">
          <Link to="/resources/$key" params={{ key: resource_key }} title={resource_id}>
            {resource_name ?? resource_id}
          </Link>
        </p>
        <p className="small wrap-anywhere">
          <span className="dim">{key}</span> {value} <span className="dim">{current === null ? '' : `instead of ${current} · `}</span>
          <span className="home-confidence">{formatConfidence(confidence)}</span>
        </p>
        {reasons?.[0] ? (
          <p className="dim small wrap-anywhere">
            <Code text={sentence(reasons[0])} />
          </p>
        ) : null}
      </div>
      <DecideButtons resourceKey={resource_key} suggestion={suggestion} />
    </li>
  )
}

/** What is different from the evaluation of the day before. */
function Changes({ summary, trend }: { summary: ComplianceSummary; trend: TrendPoint[] }) {
  const before = trend.findLast((point) => new Date(point.at).getTime() < new Date(summary.last_checked).getTime() - 20 * 3_600_000)
  if (!before) return null
  const changes: [string, number][] = [
    ['resources', summary.resources - before.resources],
    ['resources without an open finding', summary.compliant - before.compliant],
  ]
  return (
    <section className="card">
      <div className="card-head">
        <h2>Changed since {formatAgo(before.at)}</h2>
        <Link to="/activity" className="small">
          Activity
        </Link>
      </div>
      <ul className="card-body changes">
        {changes.map(([what, count]) => (
          <li key={what}>
            <strong>{count === 0 ? 'No change' : `${count > 0 ? '+' : '−'}${formatCount(Math.abs(count))}`}</strong> <span className="dim">{count === 0 ? `in ${what}` : what}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}
