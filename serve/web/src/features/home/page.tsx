import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { queries } from '../../api/queries'
import type { HomeSummary, TagSchema } from '../../api/types'
import { useMe } from '../../app/session'
import { formatAgo, formatAmount, formatCount, formatMoney, formatPercent, plural } from '../../lib/format'
import { Code, severityLabel } from '../../ui/badge'
import { buttonClass } from '../../ui/button'
import { DownIcon, UpIcon } from '../../ui/icons'
import { Spark } from '../../ui/spark'
import { LoadingCards, QueryState, State } from '../../ui/states'
import './home.css'

export function HomePage() {
  const me = useMe()
  const { data: schema } = useQuery(queries.schema())
  const home = useQuery(queries.home())
  return (
    <main className="page" id="main" tabIndex={-1}>
      <header className="page-head">
        <div>
          <h1>{me ? `Hello, ${me.name.split(' ')[0]}` : 'Home'}</h1>
          <p className="dim">{schema ? `${plural(schema.resources, 'resource')}, evaluated ${formatAgo(schema.evaluated_at)}` : ' '}</p>
        </div>
      </header>
      <QueryState query={home} loading={<LoadingCards heights={[150, 230, 90]} />}>
        {(summary) => (schema?.resources === 0 ? <Empty /> : <Summary summary={summary} schema={schema} />)}
      </QueryState>
    </main>
  )
}

function Empty() {
  return (
    <div className="card">
      <State title="No resources yet">
        <p>An administrator loads an inventory first: as an upload, or by a schedule that fetches it from the clouds. Then this page shows the score, the costs without an owner, and what to fix first.</p>
      </State>
    </div>
  )
}

function Summary({ summary, schema }: { summary: HomeSummary; schema: TagSchema | undefined }) {
  return (
    <>
      <div className="grid grid-3">
        <Score summary={summary} />
        <section className="card">
          <div className="card-body home-figure">
            <h2 className="figure-label">Cost without an owner</h2>
            <p>
              <span className="figure-value">{formatAmount(summary.unowned.cost)}</span> <span className="figure-unit">{schema?.currency} a month</span>
            </p>
            <p className="dim small">{plural(summary.unowned.resources, 'resource')}</p>
            <Link to="/resources" search={{ filter: summary.unowned.where }} className="home-link">
              See the resources
            </Link>
          </div>
        </section>
        <section className="card">
          <div className="card-body home-figure">
            <h2 className="figure-label">Suggestions to review</h2>
            <p className="figure-value">{formatCount(summary.suggestions.waiting)}</p>
            <p className="dim small">Values that the model is sure enough about to propose</p>
            <Link to="/resources" search={{ filter: summary.suggestions.where }} className="home-link">
              Review suggestions
            </Link>
          </div>
        </section>
      </div>
      <Worst worst={summary.worst} currency={schema?.currency} />
      <Changes changes={summary.changes} />
    </>
  )
}

function Score({ summary }: { summary: HomeSummary }) {
  const change = summary.score_before === null ? null : summary.score - summary.score_before
  return (
    <section className="card home-score">
      <div className="card-body home-figure">
        <h2 className="figure-label">Compliant resources</h2>
        <p className="row">
          <span className="figure-value">{formatPercent(summary.score / 100)}</span>
          {change !== null && Math.abs(change) >= 0.05 ? (
            <span className={`badge badge-${change > 0 ? 'good' : 'poor'}`}>
              {change > 0 ? <UpIcon size={11} /> : <DownIcon size={11} />}
              {Math.abs(change).toFixed(1)} points in 30 days
            </span>
          ) : null}
        </p>
        <Spark values={summary.trend.map((day) => day.rate)} />
        <Link to="/compliance" className="home-link">
          See compliance
        </Link>
      </div>
    </section>
  )
}

function Worst({ worst, currency }: { worst: HomeSummary['worst']; currency: string | null | undefined }) {
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
        <ol className="worst">
          {worst.map((issue) => (
            <li key={`${issue.policy}/${issue.check}`}>
              <span className={`dot dot-${issue.severity}`} aria-hidden="true" />
              <div className="grow">
                <p>
                  <Code text={issue.asks} />
                </p>
                <p className="dim small">
                  {severityLabel(issue.severity)} · {issue.policy}
                </p>
              </div>
              <div className="right worst-numbers">
                <p>{plural(issue.resources, 'resource')}</p>
                {issue.cost ? <p className="dim small">{formatMoney(issue.cost, currency)}</p> : null}
              </div>
              <Link to="/resources" search={{ filter: issue.where }} className={buttonClass('plain', true)}>
                Fix<span className="hidden-visually"> {issue.policy}, {issue.check}</span>
              </Link>
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}

function Changes({ changes }: { changes: HomeSummary['changes'] }) {
  return (
    <section className="card">
      <div className="card-head">
        <h2>Changed since yesterday</h2>
        <Link to="/activity" className="small">
          Activity
        </Link>
      </div>
      <div className="card-body">
        {changes.length === 0 ? (
          <p className="dim">Nothing changed since the evaluation before this one.</p>
        ) : (
          <ul className="changes">
            {changes.map((change) => (
              <li key={change.what}>
                <strong>{formatCount(change.count)}</strong>{' '}
                {change.where ? (
                  <Link to="/resources" search={{ filter: change.where }}>
                    {change.what}
                  </Link>
                ) : (
                  <span className="dim">{change.what}</span>
                )}
              </li>
            ))}
          </ul>
        )}
      </div>
    </section>
  )
}
