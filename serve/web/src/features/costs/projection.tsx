import { useQuery } from '@tanstack/react-query'
import { queries } from '../../api/queries'
import { formatAmount, formatDay, formatMonth, formatWhole } from '../../lib/format'
import { Meter } from '../../ui/badge'

/** What the current month will come to, with its interval. Nothing, if it is over or there are too few days. */
export function ProjectionFigure({ currency }: { currency: string | null }) {
  const { data } = useQuery(queries.costTrend())
  const projection = data?.parts.find((part) => part.currency === currency)?.projection
  if (!projection) return null
  const { month, expected, low, high, spent, through, days } = projection
  return (
    <section className="card">
      <div className="card-body">
        <h2 className="figure-label cost-label">{formatMonth(month)}, expected</h2>
        <p>
          <span className="figure-value">{formatAmount(expected)}</span> <span className="figure-unit">{currency}</span>
        </p>
        <Meter share={Number(spent) / Math.max(Number(expected), 1)} />
        <p className="dim small" title={`If it goes on as in the last ${days} days, 95% of such months end between these`}>
          {formatWhole(low)} to {formatWhole(high)}; {formatWhole(spent)} until {formatDay(through)}
        </p>
      </div>
    </section>
  )
}
