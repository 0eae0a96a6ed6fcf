import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { lazy, Suspense, useMemo, useState } from 'react'
import { request } from '../../api/client'
import { queries, queryClient } from '../../api/queries'
import type { CheckResult, Compliance, ComplianceSummary, TrendPoint } from '../../api/types'
import { useReason } from '../../app/session'
import { equals } from '../../lib/condition'
import { formatAgo, formatAmount, formatCount, formatDay, formatMoney, formatPercent, plural } from '../../lib/format'
import { lastDays, openBySeverity, SEVERITIES, sumOf, worstChecks } from '../../lib/summary'
import { Code, complianceLabel, Meter, SeverityBadge, severityLabel } from '../../ui/badge'
import { Button, buttonClass } from '../../ui/button'
import { Chart, type Palette } from '../../ui/chart'
import { capitalized, LoadingCards, QueryState, State } from '../../ui/states'
import { toast, toastError } from '../../ui/toast'
import { right, Table } from '../../ui/table'
import { Reports } from './reports'
import { Waivers } from './waivers'
import './compliance.css'

const ReviewDrawer = lazy(() => import('../../parts/review-drawer').then((module) => ({ default: module.ReviewDrawer })))

const STATES: Compliance[] = ['violating', 'pending', 'compliant', 'out_of_scope']

export function CompliancePage() {
  const summary = useQuery(queries.compliance())
  return (
    <main className="page" id="main" tabIndex={-1}>
      <header className="page-head">
        <div>
          <h1>Compliance</h1>
          <p className="dim">{summary.data ? `Evaluated ${formatAgo(summary.data.last_checked)}` : ' '}</p>
        </div>
        <div className="page-actions no-print">
          <Reports />
          <Recheck />
        </div>
      </header>
      <QueryState query={summary} loading={<LoadingCards heights={[150, 260, 300]} />}>
        {(data) => <Body summary={data} />}
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

function Body({ summary }: { summary: ComplianceSummary }) {
  const trend = useQuery(queries.trend())
  return (
    <>
      <div className="grid grid-2">
        <Rate summary={summary} />
        <Findings summary={summary} />
      </div>
      <Trend trend={lastDays(trend.data?.items ?? [], 30)} isLoading={trend.isPending} />
      <Issues summary={summary} />
      <div className="grid grid-2 grid-start">
        <div className="stack compliance-side">
          <Policies summary={summary} />
          <Waivers />
        </div>
        <div className="stack compliance-side">
          <Coverage summary={summary} />
          <Owners currency={summary.currency} />
        </div>
      </div>
    </>
  )
}

function Rate({ summary }: { summary: ComplianceSummary }) {
  const { data } = useQuery(queries.facets({ by: 'compliance' }))
  const counts = new Map(data?.items[0]?.values.map((one) => [one.value, one.resources]))
  const rate = summary.in_scope === 0 ? null : summary.passing / summary.in_scope
  return (
    <section className="card">
      <div className="card-body compliance-rate">
        <div className="row row-wrap compliance-figures">
          <div>
            <h2 className="figure-label">Compliant resources</h2>
            <p className="figure-value">{rate === null ? 'None in scope' : formatPercent(rate, 1)}</p>
          </div>
          <div>
            <h3 className="figure-label">Score, by severity</h3>
            <p className="figure-value">{summary.score === null ? '–' : formatPercent(summary.score, 1)}</p>
          </div>
        </div>
        <div className="stacked" aria-hidden="true">
          {STATES.map((state) => (counts.get(state) ? <span key={state} className={`bar-${state}`} style={{ flexGrow: counts.get(state) }} /> : null))}
        </div>
        <ul className="legend">
          {STATES.map((state) => (
            <li key={state}>
              <Link to="/resources" search={{ facets: { compliance: [state] } }} className="row">
                <span className={`dot bar-${state}`} aria-hidden="true" />
                {complianceLabel(state)}
                <strong>{data ? formatCount(counts.get(state) ?? 0) : '…'}</strong>
              </Link>
            </li>
          ))}
        </ul>
      </div>
    </section>
  )
}

function Findings({ summary }: { summary: ComplianceSummary }) {
  const open = openBySeverity(summary.checks)
  return (
    <section className="card">
      <div className="card-body compliance-rate">
        <div>
          <h2 className="figure-label">Open findings</h2>
          <p className="figure-value">{formatCount(SEVERITIES.reduce((sum, severity) => sum + open[severity], 0))}</p>
        </div>
        <ul className="severities">
          {SEVERITIES.map((severity) => (
            <li key={severity}>
              <Link to="/resources" search={{ facets: { severity: [severity] } }} className="row spread">
                <SeverityBadge value={severity} />
                <strong>{formatCount(open[severity])}</strong>
              </Link>
            </li>
          ))}
        </ul>
      </div>
    </section>
  )
}

function Trend({ trend, isLoading }: { trend: TrendPoint[]; isLoading: boolean }) {
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
      xAxis: { type: 'category', boundaryGap: false, data: trend.map((day) => formatDay(day.at)), axisTick: { show: false }, axisLine: { lineStyle: { color: colors.edge } }, axisLabel: { color: colors.dim, hideOverlap: true } },
      yAxis: { type: 'value', scale: true, splitNumber: 3, axisLabel: { color: colors.dim, formatter: '{value}%' }, splitLine: { lineStyle: { color: colors.edge } } },
      series: [{ type: 'line', name: 'Score', smooth: 0.25, showSymbol: false, data: trend.map((day) => Number((day.score * 100).toFixed(2))), lineStyle: { color: colors.accent, width: 2.5 }, itemStyle: { color: colors.accent }, areaStyle: { color: colors.accent, opacity: 0.08 } }],
    }),
    [trend],
  )
  return (
    <section className="card">
      <div className="card-head">
        <h2>Last 30 days</h2>
        <span className="dim small">Score, one evaluation a day</span>
      </div>
      <div className="card-body">
        {isLoading ? (
          <div className="skeleton" style={{ height: 216 }} />
        ) : trend.length < 2 ? (
          <p className="dim">The trend starts on the second day with an evaluation.</p>
        ) : (
          <Chart
            label="Compliance score in the last 30 days"
            height={190}
            option={option}
            table={
              <table className="table">
                <thead>
                  <tr>
                    <th scope="col">Day</th>
                    <th scope="col" className="right">
                      Score
                    </th>
                    <th scope="col" className="right">
                      Without open findings
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {trend.map((day) => (
                    <tr key={day.at}>
                      <td>{formatDay(day.at)}</td>
                      <td className="right">{formatPercent(day.score, 1)}</td>
                      <td className="right">{formatCount(day.compliant)} of {formatCount(day.resources)}</td>
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

/** What each issue is about, and the two ways to fix it: see the resources, or review what is suggested for them. */
function Issues({ summary }: { summary: ComplianceSummary }) {
  const reason = useReason('decide_suggestions')
  const policies = useQuery(queries.policies()).data?.items
  const [reviewed, setReviewed] = useState<string>()
  const issues = worstChecks(summary.checks)
  const tagOf = (issue: CheckResult) => policies?.find((policy) => policy.name === issue.policy)?.checks.find((check) => check.id === issue.check)?.tag ?? undefined
  return (
    <section className="card">
      <div className="card-head">
        <h2>Top issues</h2>
        <span className="dim small">By severity and cost</span>
      </div>
      {issues.length === 0 ? (
        <State title="No open findings">
          <p>Every check passes, is waived, or is within its grace period.</p>
        </State>
      ) : (
        <ul className="issues">
          {issues.map((issue) => {
            const tag = tagOf(issue)
            const about = (
              <span className="hidden-visually">
                {' '}
                {issue.policy}, {issue.check}
              </span>
            )
            return (
              <li key={`${issue.policy}/${issue.check}`} className="issue">
                <span className={`dot dot-${issue.severity}`} aria-hidden="true" />
                <div className="issue-text">
                  <p className="wrap-anywhere">
                    <Code text={capitalized(issue.message)} />
                  </p>
                  <p className="dim small">
                    {severityLabel(issue.severity)} · {issue.policy}
                    {issue.exempt > 0 ? ` · ${formatCount(issue.exempt)} waived` : ''}
                  </p>
                </div>
                <p className="issue-numbers right">
                  {plural(issue.open, 'resource')}
                  <span className="dim small">{issue.monthly_cost ? formatMoney(issue.monthly_cost, summary.currency) : ''}</span>
                </p>
                <div className="issue-actions">
                  <Link to="/resources" search={{ facets: { policy: [`${issue.policy}/${issue.check}`] } }} className={buttonClass('plain', true)}>
                    Show{about}
                  </Link>
                  {tag ? (
                    <Button small reason={reason} onClick={() => setReviewed(tag)}>
                      Suggestions…{about}
                    </Button>
                  ) : null}
                </div>
              </li>
            )
          })}
        </ul>
      )}
      {reviewed ? (
        <Suspense>
          <ReviewDrawer tag={reviewed} where={equals(reviewed, null, undefined)} onClose={() => setReviewed(undefined)} />
        </Suspense>
      ) : null}
    </section>
  )
}

function Policies({ summary }: { summary: ComplianceSummary }) {
  const { data } = useQuery(queries.policies())
  return (
    <section className="card">
      <div className="card-head">
        <h2>Policies</h2>
      </div>
      <Table label="Policies" columns={['Policy', right('Open'), right('Pending'), right('Waived')]}>
        {data?.items.map((policy) => {
          const sum = sumOf(summary.checks, policy.name)
          return (
            <tr key={policy.name}>
              <td>
                <p className="row">
                  <span className={`dot dot-${policy.severity}`} aria-hidden="true" />
                  <Link to="/resources" search={{ facets: { policy: [policy.name] } }}>
                    {policy.name}
                  </Link>
                  <span className="hidden-visually">, {severityLabel(policy.severity)}</span>
                </p>
                {policy.description ? <p className="dim small">{policy.description}</p> : null}
              </td>
              <td className="right">{formatCount(sum.open)}</td>
              <td className="right">{formatCount(sum.pending)}</td>
              <td className="right">{formatCount(sum.exempt)}</td>
            </tr>
          )
        })}
      </Table>
    </section>
  )
}

function Coverage({ summary }: { summary: ComplianceSummary }) {
  return (
    <section className="card">
      <div className="card-head">
        <h2>Tag coverage</h2>
        <span className="dim small">Resources with a value</span>
      </div>
      <ul className="card-body coverage-list">
        {summary.tags.map((tag) => {
          const share = summary.resources === 0 ? 0 : tag.resources / summary.resources
          return (
            <li key={tag.key}>
              <Link to="/resources" search={{ filter: equals(tag.key, null, undefined) }} className="truncate" title={`Resources without ${tag.key}`}>
                {tag.key}
              </Link>
              <Meter share={share} look={share > 0.9 ? 'good' : ''} />
              <span className="right">{formatPercent(share)}</span>
            </li>
          )
        })}
      </ul>
    </section>
  )
}

/** Who has the resources that violate a policy. */
function Owners({ currency }: { currency: string | null }) {
  const tags = useQuery(queries.schema()).data?.items
  const hasOwner = tags?.some((tag) => tag.key === 'owner') ?? false
  const { data } = useQuery({ ...queries.facets({ by: 'tag:owner', compliance: 'violating' }), enabled: hasOwner })
  const owners = data?.items[0]?.values ?? []
  if (!hasOwner || (data && owners.length === 0)) return null
  return (
    <section className="card">
      <div className="card-head">
        <h2>Owners</h2>
        <span className="dim small">Of violating resources</span>
      </div>
      <Table label="Owners" columns={['Owner', right('Resources'), right(`Cost${currency ? ` (${currency})` : ''}`)]}>
        {owners.map((one) => (
          <tr key={one.value ?? '\0'}>
            <td className="wrap-anywhere">
              <Link to="/resources" search={{ filter: equals('owner', one.value, tags), facets: { compliance: ['violating'] } }} className={one.value === null ? 'missing' : ''}>
                {one.value ?? '(missing)'}
              </Link>
            </td>
            <td className="right">{formatCount(one.resources)}</td>
            <td className="right">{one.monthly_cost ? formatAmount(one.monthly_cost) : '–'}</td>
          </tr>
        ))}
      </Table>
    </section>
  )
}
