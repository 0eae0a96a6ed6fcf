import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { lazy, Suspense, useMemo, useState } from 'react'
import { request } from '../../api/client'
import { queries, queryClient } from '../../api/queries'
import type { Compliance, ComplianceStatus, Severity, TagSchema } from '../../api/types'
import { useReason } from '../../app/session'
import { equals } from '../../lib/condition'
import { formatAgo, formatAmount, formatCount, formatDay, formatMoney, formatPercent, plural } from '../../lib/format'
import { Code, complianceLabel, SeverityBadge, severityLabel } from '../../ui/badge'
import { Button, buttonClass } from '../../ui/button'
import { Chart, type Palette } from '../../ui/chart'
import { LoadingCards, QueryState, State } from '../../ui/states'
import { toast, toastError } from '../../ui/toast'
import './compliance.css'

const BulkDrawer = lazy(() => import('../../parts/bulk-drawer').then((module) => ({ default: module.BulkDrawer })))

const STATES: Compliance[] = ['violating', 'pending', 'compliant', 'out_of_scope']
const SEVERITIES: Severity[] = ['critical', 'high', 'medium', 'low']

export function CompliancePage() {
  const status = useQuery(queries.compliance())
  const { data: schema } = useQuery(queries.schema())
  return (
    <main className="page" id="main" tabIndex={-1}>
      <header className="page-head">
        <div>
          <h1>Compliance</h1>
          <p className="dim">{status.data ? `Evaluated ${formatAgo(status.data.checked_at)}` : ' '}</p>
        </div>
        <Recheck />
      </header>
      <QueryState query={status} loading={<LoadingCards heights={[110, 260, 300]} />}>
        {(data) => <Status status={data} schema={schema} />}
      </QueryState>
    </main>
  )
}

function Recheck() {
  const reason = useReason('recheck')
  const [isBusy, setBusy] = useState(false)
  const start = async () => {
    setBusy(true)
    try {
      await request('compliance/recheck', { method: 'POST' })
      await queryClient.invalidateQueries({ queryKey: ['jobs'] })
      toast('The evaluation has started. This page changes when it is done.')
    } catch (error) {
      toastError(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Button reason={reason} busy={isBusy} onClick={() => void start()}>
      Evaluate now
    </Button>
  )
}

function Status({ status, schema }: { status: ComplianceStatus; schema: TagSchema | undefined }) {
  const open = SEVERITIES.reduce((sum, severity) => sum + status.findings[severity], 0)
  return (
    <>
      <div className="grid grid-2">
        <section className="card">
          <div className="card-body compliance-rate">
            <div>
              <h2 className="figure-label">Compliant resources</h2>
              <p className="figure-value">{formatPercent(status.rate, 1)}</p>
            </div>
            <ResourceBar resources={status.resources} />
            <ul className="legend">
              {STATES.map((state) => (
                <li key={state}>
                  <Link to="/resources" search={{ facets: { compliance: [state] } }} className="row">
                    <span className={`dot bar-${state}`} aria-hidden="true" />
                    {complianceLabel(state)}
                    <strong>{formatCount(status.resources[state])}</strong>
                  </Link>
                </li>
              ))}
            </ul>
          </div>
        </section>
        <section className="card">
          <div className="card-body compliance-rate">
            <div>
              <h2 className="figure-label">Open findings</h2>
              <p className="figure-value">{formatCount(open)}</p>
            </div>
            <ul className="severities">
              {SEVERITIES.map((severity) => (
                <li key={severity}>
                  <Link to="/resources" search={{ facets: { severity: [severity] } }} className="row spread">
                    <SeverityBadge value={severity} />
                    <strong>{formatCount(status.findings[severity])}</strong>
                  </Link>
                </li>
              ))}
            </ul>
          </div>
        </section>
      </div>
      <Trend trend={status.trend} />
      <Issues issues={status.issues} schema={schema} />
      <div className="grid grid-2">
        <Policies policies={status.policies} schema={schema} />
        <Owners owners={status.owners} schema={schema} />
      </div>
      <Waivers waivers={status.waivers} />
    </>
  )
}

function ResourceBar({ resources }: { resources: Record<Compliance, number> }) {
  const total = STATES.reduce((sum, state) => sum + resources[state], 0)
  if (total === 0) return null
  return (
    <div className="stacked" aria-hidden="true">
      {STATES.map((state) => (resources[state] > 0 ? <span key={state} className={`bar-${state}`} style={{ flexGrow: resources[state] }} /> : null))}
    </div>
  )
}

function Trend({ trend }: { trend: ComplianceStatus['trend'] }) {
  const option = useMemo(
    () => (colors: Palette) => ({
      grid: { left: 4, right: 10, top: 14, bottom: 4, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
      tooltip: {
        trigger: 'axis',
        renderMode: 'richText',
        backgroundColor: colors.card,
        borderColor: colors.edge,
        textStyle: { color: colors.ink },
        valueFormatter: (value: unknown) => formatPercent(Number(value) / 100, 1),
      },
      xAxis: { type: 'category', boundaryGap: false, data: trend.map((day) => formatDay(day.day)), axisTick: { show: false }, axisLine: { lineStyle: { color: colors.edge } }, axisLabel: { color: colors.dim, hideOverlap: true } },
      yAxis: { type: 'value', scale: true, splitNumber: 3, axisLabel: { color: colors.dim, formatter: '{value}%' }, splitLine: { lineStyle: { color: colors.edge } } },
      series: [{ type: 'line', name: 'Compliant', smooth: 0.25, showSymbol: false, data: trend.map((day) => Number((day.rate * 100).toFixed(2))), lineStyle: { color: colors.accent, width: 2.5 }, itemStyle: { color: colors.accent }, areaStyle: { color: colors.accent, opacity: 0.08 } }],
    }),
    [trend],
  )
  return (
    <section className="card">
      <div className="card-head">
        <h2>Last 30 days</h2>
        <span className="dim small">Share of compliant resources</span>
      </div>
      <div className="card-body">
        {trend.length < 2 ? (
          <p className="dim">The trend starts with the second evaluation.</p>
        ) : (
          <Chart
            label="Share of compliant resources in the last 30 days"
            height={190}
            option={option}
            table={
              <table className="table">
                <thead>
                  <tr>
                    <th scope="col">Day</th>
                    <th scope="col" className="right">
                      Compliant
                    </th>
                    <th scope="col" className="right">
                      Open findings
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {trend.map((day) => (
                    <tr key={day.day}>
                      <td>{formatDay(day.day)}</td>
                      <td className="right">{formatPercent(day.rate, 1)}</td>
                      <td className="right">{formatCount(day.open)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            }
          />
        )}
      </div>
    </section>
  )
}

type Issue = ComplianceStatus['issues'][number]

/** What each issue is about, and the two ways to fix it: see the resources, or accept what is suggested for them. */
function Issues({ issues, schema }: { issues: Issue[]; schema: TagSchema | undefined }) {
  const reason = useReason('bulk')
  const [fixing, setFixing] = useState<Issue>()
  const selectionOf = (issue: Issue) => ({ filter: issue.tag ? equals(issue.tag, null, null) : undefined, facets: { compliance: ['violating'] } })
  return (
    <section className="card">
      <div className="card-head">
        <h2>Top issues</h2>
        <span className="dim small">By severity and number of resources</span>
      </div>
      {issues.length === 0 ? (
        <State title="No open findings">
          <p>Every check passes, is waived, or is within its grace period.</p>
        </State>
      ) : (
        <ul className="issues">
          {issues.map((issue) => (
            <li key={`${issue.policy}/${issue.check}`} className="issue">
              <span className={`dot dot-${issue.severity}`} aria-hidden="true" />
              <div className="issue-text">
                <p>
                  <Code text={issue.asks} />
                </p>
                <p className="dim small">
                  {severityLabel(issue.severity)} · {issue.policy}
                </p>
              </div>
              <p className="issue-numbers right">
                {plural(issue.open, 'resource')}
                <span className="dim small">{issue.cost ? formatMoney(issue.cost, schema?.currency) : ''}</span>
              </p>
              <div className="issue-actions">
                <Link to="/resources" search={selectionOf(issue)} className={buttonClass('plain', true)}>
                  Show<span className="hidden-visually"> resources of {issue.policy}, {issue.check}</span>
                </Link>
                {issue.suggested > 0 ? (
                  <Button small reason={reason} onClick={() => setFixing(issue)}>
                    Accept {plural(issue.suggested, 'suggestion')}…<span className="hidden-visually"> for {issue.policy}, {issue.check}</span>
                  </Button>
                ) : null}
              </div>
            </li>
          ))}
        </ul>
      )}
      {fixing?.tag ? (
        <Suspense>
          <BulkDrawer
            selection={{ where: equals(fixing.tag, null, null), compliance: 'violating' }}
            count={fixing.open}
            change={{ action: 'confirm', key: fixing.tag }}
            onClose={() => setFixing(undefined)}
          />
        </Suspense>
      ) : null}
    </section>
  )
}

function Policies({ policies, schema }: { policies: ComplianceStatus['policies']; schema: TagSchema | undefined }) {
  return (
    <section className="card">
      <div className="card-head">
        <h2>Policies</h2>
      </div>
      <div className="table-scroll" tabIndex={0} role="region" aria-label="Policies">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Policy</th>
              <th scope="col" className="right">
                Open
              </th>
              <th scope="col" className="right">
                Cost affected{schema?.currency ? ` (${schema.currency})` : ''}
              </th>
            </tr>
          </thead>
          <tbody>
            {policies.map((policy) => (
              <tr key={policy.name}>
                <td>
                  <p className="row">
                    <span className={`dot dot-${policy.severity}`} aria-hidden="true" />
                    <span>
                      {policy.name}
                      <span className="hidden-visually">, {severityLabel(policy.severity)}</span>
                    </span>
                  </p>
                  {policy.doc ? <p className="dim small">{policy.doc}</p> : null}
                </td>
                <td className="right">{formatCount(policy.open)}</td>
                <td className="right">{policy.cost ? formatAmount(policy.cost) : '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

function Owners({ owners, schema }: { owners: ComplianceStatus['owners']; schema: TagSchema | undefined }) {
  return (
    <section className="card">
      <div className="card-head">
        <h2>Owners</h2>
        <span className="dim small">By open findings</span>
      </div>
      {owners.length === 0 ? (
        <State title="No open findings" />
      ) : (
        <div className="table-scroll" tabIndex={0} role="region" aria-label="Owners">
          <table className="table">
            <thead>
              <tr>
                <th scope="col">Owner</th>
                <th scope="col" className="right">
                  Open
                </th>
                <th scope="col" className="right">
                  Cost affected{schema?.currency ? ` (${schema.currency})` : ''}
                </th>
              </tr>
            </thead>
            <tbody>
              {owners.map((one) => (
                <tr key={one.owner ?? '\0'}>
                  <td className="wrap-anywhere">
                    <Link to="/resources" search={{ filter: equals('owner', one.owner, null), facets: { compliance: ['violating'] } }}>
                      {one.owner ?? '(missing)'}
                    </Link>
                  </td>
                  <td className="right">{formatCount(one.open)}</td>
                  <td className="right">{one.cost ? formatAmount(one.cost) : '–'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

function Waivers({ waivers }: { waivers: ComplianceStatus['waivers'] }) {
  if (waivers.length === 0) return null
  return (
    <section className="card">
      <div className="card-head">
        <h2>Waivers ending soon</h2>
      </div>
      <ul className="lines">
        {waivers.map((waiver) => (
          <li key={waiver.name} className="row spread row-wrap">
            <span>
              <strong>{waiver.name}</strong> <span className="dim">of {waiver.policy}</span>
            </span>
            <span className="dim">
              {plural(waiver.resources, 'resource')} · until {formatDay(waiver.until)}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}
