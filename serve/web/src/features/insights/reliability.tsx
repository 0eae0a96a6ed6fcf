import { useMemo } from 'react'
import type { TagFigures } from '../../api/types'
import { formatCount, formatPercent } from '../../lib/format'
import { Chart, type Palette } from '../../ui/chart'

/** Whether confidences are right: of the values with 80%, 80% should be correct. */
export function Reliability({ tag }: { tag: TagFigures }) {
  const option = useMemo(() => reliabilityOption(tag), [tag])
  const at = tag.thresholds.find((one) => Math.abs(one.confidence - 0.9) < 1e-9)
  return (
    <>
      <Chart label={`Reliability of ${tag.key}`} height={260} option={option} table={<Bins tag={tag} />} />
      <p className="dim small">
        Points on the line are as certain as they should be. On average they are {formatPercent(tag.calibration_error, 1)} off.
        {at && at.coverage > 0 ? ` With a confidence of at least 0.90, ${formatPercent(at.coverage)} of values get a suggestion, and ${formatPercent(at.precision)} of these are right (${formatPercent(at.low)} to ${formatPercent(at.high)}).` : ''}
      </p>
    </>
  )
}

function reliabilityOption(tag: TagFigures) {
  const most = Math.max(...tag.bins.map((bin) => bin.count), 1)
  const percent = (value: number) => Number((value * 100).toFixed(1))
  return (colors: Palette) => {
    const axis = (name: string) => ({
      type: 'value',
      min: 0,
      max: 100,
      name,
      nameLocation: 'middle',
      nameGap: 28,
      nameTextStyle: { color: colors.dim },
      axisLabel: { color: colors.dim, formatter: '{value}%' },
      splitLine: { lineStyle: { color: colors.edge } },
    })
    return {
      grid: { left: 26, right: 16, top: 12, bottom: 26, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
      tooltip: {
        renderMode: 'richText',
        backgroundColor: colors.card,
        borderColor: colors.edge,
        textStyle: { color: colors.ink },
        formatter: ({ value }: { value: [number, number, number] }) => `predicted ${value[0]}%, right ${value[1]}%\n${formatCount(value[2])} values`,
      },
      xAxis: axis('Predicted'),
      yAxis: axis('Right'),
      series: [
        { type: 'line', silent: true, showSymbol: false, data: [[0, 0], [100, 100]], lineStyle: { color: colors.missing, type: 'dashed', width: 1 }, tooltip: { show: false } },
        {
          type: 'scatter',
          data: tag.bins.map((bin) => [percent(bin.predicted), percent(bin.right), bin.count]),
          symbolSize: (value: number[]) => 8 + Math.sqrt((value[2] ?? 0) / most) * 22,
          itemStyle: { color: colors.accent, opacity: 0.75 },
        },
      ],
    }
  }
}

function Bins({ tag }: { tag: TagFigures }) {
  return (
    <table className="table">
      <thead>
        <tr>
          <th scope="col">Predicted</th>
          <th scope="col" className="right">
            Right
          </th>
          <th scope="col" className="right">
            Values
          </th>
        </tr>
      </thead>
      <tbody>
        {tag.bins.map((bin) => (
          <tr key={bin.predicted}>
            <td>{formatPercent(bin.predicted, 1)}</td>
            <td className="right">{formatPercent(bin.right, 1)}</td>
            <td className="right">{formatCount(bin.count)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
