import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import { queries } from '../../api/queries'
import type { Insights } from '../../api/types'
import { formatCount, formatMoney, formatPercent, formatTime } from '../../lib/format'
import { Code } from '../../ui/badge'
import { Chart, type Palette } from '../../ui/chart'
import { LoadingCards, QueryState, State } from '../../ui/states'

export function InsightsPage() {
  const insights = useQuery(queries.insights())
  return (
    <main className="page" id="main" tabIndex={-1}>
      <header className="page-head">
        <div>
          <h1>Insights</h1>
          <p className="dim">How good the suggestions are, and what looks wrong in the inventory</p>
        </div>
      </header>
      <QueryState query={insights} loading={<LoadingCards heights={[280, 300]} />}>
        {(data) => <Body insights={data} />}
      </QueryState>
    </main>
  )
}

function Body({ insights }: { insights: Insights }) {
  if (insights.model.length === 0) {
    return (
      <div className="card">
        <State title="No model yet">
          <p>A model is trained once enough tags are known. Until then there are no suggestions, and nothing to measure.</p>
        </State>
      </div>
    )
  }
  return (
    <>
      <Accuracy tags={insights.tags} />
      <div className="grid grid-2">
        <Reliability bins={insights.reliability} />
        <Models models={insights.model} />
      </div>
      <Anomalies anomalies={insights.anomalies} />
    </>
  )
}

function Accuracy({ tags }: { tags: Insights['tags'] }) {
  return (
    <section className="card">
      <div className="card-head">
        <h2>Accuracy by tag</h2>
        <span className="dim small">On resources that the model had not seen</span>
      </div>
      <div className="table-scroll" tabIndex={0} role="region" aria-label="Accuracy by tag">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Tag</th>
              <th scope="col" className="right">
                Accuracy
              </th>
              <th scope="col" className="right">
                Most common value
              </th>
              <th scope="col" className="right">
                Tested
              </th>
              <th scope="col" className="right">
                Accepted
              </th>
              <th scope="col" className="right">
                Rejected
              </th>
            </tr>
          </thead>
          <tbody>
            {tags.map((tag) => (
              <tr key={tag.tag}>
                <td className="strong">{tag.tag}</td>
                <td className="right">{formatPercent(tag.accuracy, 1)}</td>
                <td className="right dim">{formatPercent(tag.baseline, 1)}</td>
                <td className="right">{formatCount(tag.tested)}</td>
                <td className="right">{formatCount(tag.accepted)}</td>
                <td className="right">{formatCount(tag.rejected)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

function Reliability({ bins }: { bins: Insights['reliability'] }) {
  const option = useMemo(
    () => (colors: Palette) => ({
      grid: { left: 4, right: 14, top: 14, bottom: 24, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
      tooltip: { trigger: 'item', renderMode: 'richText', backgroundColor: colors.card, borderColor: colors.edge, textStyle: { color: colors.ink } },
      xAxis: { type: 'value', min: 0, max: 1, name: 'Confidence', nameLocation: 'middle', nameGap: 26, nameTextStyle: { color: colors.dim }, axisLabel: { color: colors.dim }, splitLine: { lineStyle: { color: colors.edge } } },
      yAxis: { type: 'value', min: 0, max: 1, axisLabel: { color: colors.dim }, splitLine: { lineStyle: { color: colors.edge } } },
      series: [
        { type: 'line', name: 'Ideal', silent: true, showSymbol: false, data: [[0, 0], [1, 1]], lineStyle: { color: colors.missing, type: 'dashed', width: 1.5 } },
        { type: 'line', name: 'Measured', data: bins.map((bin) => [bin.confidence, Number(bin.accuracy.toFixed(3))]), symbolSize: 7, lineStyle: { color: colors.accent, width: 2 }, itemStyle: { color: colors.accent } },
      ],
    }),
    [bins],
  )
  return (
    <section className="card">
      <div className="card-head">
        <h2>Reliability</h2>
        <span className="dim small">A confidence of 0.9 should be right 9 times in 10</span>
      </div>
      <div className="card-body">
        <Chart
          label="Share of correct suggestions by confidence"
          height={240}
          option={option}
          table={
            <table className="table">
              <thead>
                <tr>
                  <th scope="col">Confidence</th>
                  <th scope="col" className="right">
                    Correct
                  </th>
                  <th scope="col" className="right">
                    Suggestions
                  </th>
                </tr>
              </thead>
              <tbody>
                {bins.map((bin) => (
                  <tr key={bin.confidence}>
                    <td>{bin.confidence.toFixed(2)}</td>
                    <td className="right">{formatPercent(bin.accuracy)}</td>
                    <td className="right">{formatCount(bin.count)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          }
        />
      </div>
    </section>
  )
}

const STATES: Record<Insights['model'][number]['state'], [string, string]> = {
  active: ['Active', 'good'],
  challenger: ['Challenger', 'fair'],
  archived: ['Archived', 'plain'],
}

function Models({ models }: { models: Insights['model'] }) {
  return (
    <section className="card">
      <div className="card-head">
        <h2>Models</h2>
      </div>
      <ul className="lines">
        {models.map((model) => (
          <li key={model.id} className="row spread row-wrap">
            <span>
              <strong>{model.id}</strong>
              <span className="dim small">
                {' '}
                {formatTime(model.trained_at)} · {formatCount(model.samples)} samples
              </span>
            </span>
            <span className={`badge badge-${STATES[model.state][1]}`}>{STATES[model.state][0]}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Anomalies({ anomalies }: { anomalies: Insights['anomalies'] }) {
  const { data: all } = useQuery(queries.compliance())
  return (
    <section className="card">
      <div className="card-head">
        <h2>Unusual tags</h2>
        <span className="dim small">Values that contradict the rest of the inventory</span>
      </div>
      {anomalies.length === 0 ? (
        <State title="Nothing unusual" />
      ) : (
        <ul className="lines">
          {anomalies.map((one) => (
            <li key={one.key} className="row spread row-wrap">
              <span className="wrap-anywhere">
                <Link to="/resources/$key" params={{ key: one.key }} className="strong">
                  {one.name}
                </Link>{' '}
                <span className="dim">
                  <Code text={one.reason} />
                </span>
              </span>
              {one.cost ? <span className="dim">{formatMoney(one.cost, all?.currency)}</span> : null}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
