import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { type CostView, type Fixed, resourcesOf, sumCosts } from '../../lib/costs'
import type { Tags } from '../../lib/condition'
import { formatAmount, formatCount, formatMoney, formatPercent, plural } from '../../lib/format'
import { Meter } from '../../ui/badge'
import { daysLabel } from './labels'
import type { Costs } from './query'

interface FiguresProps {
  view: CostView
  tags: Tags
  total: Costs
  lines: Costs | undefined
  by: string | undefined
  open: (value: Fixed) => void
  /** More figures. */
  children?: ReactNode
}

export function Figures({ view, tags, total, lines, by, open, children }: FiguresProps) {
  const [sum] = total.lines
  const missing = lines?.lines.filter((line) => line.values[0] === null) ?? []
  const missingCost = sumCosts(missing)
  const resources = missing.reduce((count, line) => count + line.resources, 0)
  const share = Number(total.total) > 0 ? Math.min(1, Math.max(0, Number(missingCost) / Number(total.total))) : 0
  const hasNoResource = sum !== undefined && Number(sum.no_resource) !== 0
  return (
    <div className="grid cost-figures">
      <Figure label={daysLabel(view, total.month)} value={total.total} currency={total.currency}>
        {plural(sum?.resources ?? 0, 'resource')}
        {hasNoResource ? `; ${formatMoney(sum.no_resource, null)} is charged without a resource` : ''}
        {total.unknownAmounts > 0 ? `; ${plural(total.unknownAmounts, 'charge')} without an amount` : ''}
      </Figure>
      {by ? (
        <Figure label={`Without ${by}`} value={missingCost} currency={total.currency}>
          {resources > 0 ? (
            <Link to="/resources" search={{ filter: resourcesOf(view, [[by, null]], tags) }}>
              {plural(resources, 'resource has', 'resources have')} no {by}
            </Link>
          ) : (
            `Everything has a ${by}`
          )}
          {Number(missingCost) > 0 ? (
            <>
              {' · '}
              <button type="button" className="link" onClick={() => open([by, null])}>
                Look into it
              </button>
            </>
          ) : null}
        </Figure>
      ) : null}
      {by ? (
        <section className="card">
          <div className="card-body">
            <h2 className="figure-label cost-label">Allocated to a {by}</h2>
            <p className="figure-value">{formatPercent(1 - share, 1)}</p>
            <Meter share={1 - share} look={share < 0.1 ? 'good' : ''} />
            <p className="dim small">{lines ? `${formatCount(lines.lines.filter((line) => line.values[0] !== null).length)} values` : ' '}</p>
          </div>
        </section>
      ) : null}
      {children}
    </div>
  )
}

function Figure({ label, value, currency, children }: { label: string; value: string; currency: string | null; children: ReactNode }) {
  return (
    <section className="card">
      <div className="card-body">
        <h2 className="figure-label cost-label">{label}</h2>
        <p>
          <span className="figure-value">{formatAmount(value)}</span> <span className="figure-unit">{currency}</span>
        </p>
        <p className="dim small">{children}</p>
      </div>
    </section>
  )
}
