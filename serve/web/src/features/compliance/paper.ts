/** The compliance page as a report on paper. */
import { queries, queryClient } from '../../api/queries'
import { formatAmount, formatCount, formatDay, formatPercent, formatTime } from '../../lib/format'
import { lastDays, openBySeverity, SEVERITIES, sumOf, worstChecks } from '../../lib/summary'
import type { Paper } from '../../parts/paper'
import { severityLabel } from '../../ui/badge'

export async function compliancePaper(): Promise<Paper> {
  const [summary, trend, policies, owners] = await Promise.all([
    queryClient.fetchQuery(queries.compliance()),
    queryClient.fetchQuery(queries.trend()),
    queryClient.fetchQuery(queries.policies()),
    queryClient.fetchQuery(queries.facets({ by: 'tag:owner', compliance: 'violating' })).catch(() => ({ items: [] })),
  ])
  const open = openBySeverity(summary.checks)
  const cost = summary.currency ? `Cost (${summary.currency})` : 'Cost'
  const waivers = policies.items.flatMap((policy) => policy.waivers.map((one) => ({ ...one, policy: policy.name }))).toSorted((a, b) => a.until.localeCompare(b.until))
  return {
    title: 'Compliance',
    subtitle: `Evaluated ${formatTime(summary.last_checked)}`,
    parts: [
      {
        kind: 'figures',
        figures: [
          { label: 'Compliant resources', value: summary.in_scope === 0 ? 'None in scope' : formatPercent(summary.passing / summary.in_scope, 1), note: `${formatCount(summary.passing)} of ${formatCount(summary.in_scope)} in scope` },
          { label: 'Score, by severity', value: summary.score === null ? '–' : formatPercent(summary.score, 1) },
          { label: 'Open findings', value: formatCount(SEVERITIES.reduce((sum, one) => sum + open[one], 0)), note: SEVERITIES.map((one) => `${severityLabel(one)} ${formatCount(open[one])}`).join(', ') },
        ],
      },
      { kind: 'line', title: 'Score, last 30 days', points: lastDays(trend.items, 30).map((one) => ({ label: formatDay(one.at), value: one.score, shown: formatPercent(one.score, 1) })) },
      {
        kind: 'table',
        title: 'Issues',
        note: 'By severity and cost',
        columns: [{ label: 'Issue' }, { label: 'Policy' }, { label: 'Severity' }, { label: 'Resources', isNumber: true }, { label: cost, isNumber: true }],
        rows: worstChecks(summary.checks).map((one) => [one.message.replaceAll('`', ''), `${one.policy}/${one.check}`, severityLabel(one.severity), formatCount(one.open), formatAmount(one.monthly_cost) || 'no data']),
      },
      {
        kind: 'table',
        title: 'Policies',
        columns: [{ label: 'Policy' }, { label: 'Open', isNumber: true }, { label: 'Pending', isNumber: true }, { label: 'Waived', isNumber: true }],
        rows: policies.items.map((policy) => {
          const sum = sumOf(summary.checks, policy.name)
          return [policy.name, formatCount(sum.open), formatCount(sum.pending), formatCount(sum.exempt)]
        }),
      },
      {
        kind: 'table',
        title: 'Tag coverage',
        note: 'Resources with a value',
        columns: [{ label: 'Tag' }, { label: 'Share', isNumber: true }],
        rows: summary.tags.map((tag) => [tag.key, summary.resources === 0 ? '–' : formatPercent(tag.resources / summary.resources)]),
        shares: summary.tags.map((tag) => (summary.resources === 0 ? 0 : tag.resources / summary.resources)),
      },
      ...(owners.items[0]?.values.length
        ? [{ kind: 'table' as const, title: 'Owners of violating resources', columns: [{ label: 'Owner' }, { label: 'Resources', isNumber: true }, { label: cost, isNumber: true }], rows: owners.items[0].values.map((one) => [one.value, formatCount(one.resources), formatAmount(one.monthly_cost) || 'no data']) }]
        : []),
      ...(waivers.length
        ? [{ kind: 'table' as const, title: 'Waivers', note: 'The first to end first', columns: [{ label: 'Policy' }, { label: 'Until' }, { label: 'Reason' }], rows: waivers.map((one) => [one.check ? `${one.policy}/${one.check}` : one.policy, formatDay(one.until), one.because]) }]
        : []),
    ],
  }
}
