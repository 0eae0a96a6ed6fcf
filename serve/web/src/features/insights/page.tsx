import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import type { Insights, TagFigures } from '../../api/types'
import { queries } from '../../api/queries'
import { formatAgo, formatCount, formatPercent, plural } from '../../lib/format'
import { Meter } from '../../ui/badge'
import { plainOptions, Select } from '../../ui/select'
import { LoadingCards, QueryState } from '../../ui/states'
import { right, Table } from '../../ui/table'
import { AnomalyList } from './anomalies'
import { Models, NoModel } from './models'
import { Reliability } from './reliability'
import './insights.css'

export function InsightsPage() {
  const insights = useQuery(queries.insights())
  return (
    <main className="page" id="main" tabIndex={-1}>
      <header className="page-head">
        <div>
          <h1>Insights</h1>
          <p className="dim">How good suggestions are, how they are received, and which values look wrong</p>
        </div>
      </header>
      <QueryState query={insights} loading={<LoadingCards heights={[110, 320, 260]} />}>
        {(data) => (data.models.length === 0 ? <NoModel /> : <Figures insights={data} />)}
      </QueryState>
      <AnomalyList />
    </main>
  )
}

function Figures({ insights: { models, tags, acceptance } }: { insights: Insights }) {
  const [shown, setShown] = useState(tags[0]?.key ?? '')
  const inUse = models.find((model) => model.in_use)
  const tag = tags.find((one) => one.key === shown) ?? tags[0]
  const decided = acceptance.accepted + acceptance.rejected
  return (
    <>
      <div className="grid grid-3">
        <Figure label="Accuracy on values it had not seen" value={inUse?.accuracy == null ? '–' : formatPercent(inUse.accuracy, 1)}>
          {inUse ? `${plural(inUse.resources, 'resource')}, trained ${formatAgo(inUse.trained_at)}` : ''}
        </Figure>
        <Figure label="Suggestions accepted" value={acceptance.rate === null ? '–' : formatPercent(acceptance.rate)}>
          {decided === 0 ? 'Nobody has decided about one yet' : `${formatCount(acceptance.accepted)} accepted, ${formatCount(acceptance.rejected)} rejected`}
        </Figure>
        <Figure label="Tags with a model" value={formatCount(tags.length)}>
          {plural(tags.reduce((sum, one) => sum + one.measured, 0), 'value')} measured
        </Figure>
      </div>
      {tag ? (
        <div className="grid grid-2 grid-start">
          <Accuracy tags={tags} acceptance={acceptance} />
          <section className="card">
            <div className="card-head">
              <h2>Reliability of {tag.key}</h2>
              <Select label="Tag" value={tag.key} options={plainOptions(tags.map((one) => one.key))} onChange={setShown} />
            </div>
            <div className="card-body">
              <Reliability tag={tag} />
            </div>
          </section>
        </div>
      ) : null}
      <Models models={models} />
    </>
  )
}

function Figure({ label, value, children }: { label: string; value: string; children: ReactNode }) {
  return (
    <section className="card">
      <div className="card-body">
        <h2 className="figure-label insight-label">{label}</h2>
        <p className="figure-value">{value}</p>
        <p className="dim small">{children}</p>
      </div>
    </section>
  )
}

/** The model next to the best simple method, by tag. */
function Accuracy({ tags, acceptance }: { tags: TagFigures[]; acceptance: Insights['acceptance'] }) {
  const accepted = new Map(acceptance.tags.map((one) => [one.key, one.rate]))
  return (
    <section className="card">
      <div className="card-head">
        <h2>Accuracy by tag</h2>
        <span className="dim small">Next to the best simple method</span>
      </div>
      <Table label="Accuracy by tag" columns={['Tag', { title: 'Shares as bars', isHidden: true }, right('Model'), right('Simple'), right('Accepted')]}>
        {tags.map((tag) => {
          const best = tag.baselines.toSorted((a, b) => b.accuracy - a.accuracy)[0]
          const rate = accepted.get(tag.key)
          return (
            <tr key={tag.key}>
              <td>
                {tag.key}
                <p className="dim small">{plural(tag.measured, 'value')}</p>
              </td>
              <td className="accuracy-bars">
                <Meter share={tag.accuracy} look="inferred" />
                <Meter share={best?.accuracy ?? 0} />
              </td>
              <td className="right">{formatPercent(tag.accuracy)}</td>
              <td className="right" title={best?.name}>
                {best ? formatPercent(best.accuracy) : '–'}
              </td>
              <td className="right">{rate == null ? '–' : formatPercent(rate)}</td>
            </tr>
          )
        })}
      </Table>
    </section>
  )
}
