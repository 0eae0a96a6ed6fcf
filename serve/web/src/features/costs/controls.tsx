import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { address } from '../../api/client'
import { queries } from '../../api/queries'
import { type CostView, lastDay, resourcesOf } from '../../lib/costs'
import type { Tags } from '../../lib/condition'
import { csv, download } from '../../lib/csv'
import { formatMonth, formatProvider } from '../../lib/format'
import { PaperButton } from '../../parts/paper-button'
import { Button } from '../../ui/button'
import { CloseIcon, DownloadIcon } from '../../ui/icons'
import { Menu } from '../../ui/menu'
import { Select } from '../../ui/select'
import { daysLabel, labelOf } from './labels'
import { costPaper } from './paper'
import { type Costs, costQuery } from './query'

interface ControlsProps {
  view: CostView
  total: Costs | undefined
  lines: Costs | undefined
  tags: Tags
  by: string | undefined
  trendBy: string | undefined
  where: string | undefined
  onChange: (view: CostView) => void
}

export function Controls({ view, total, lines, tags, by, trendBy, where, onChange }: ControlsProps) {
  const providers = useQuery(queries.facets({ by: 'provider' })).data?.items[0]?.values ?? []
  const known = providers.flatMap(({ value }): [string, string][] => (value === null ? [] : [[value, formatProvider(value)]]))
  return (
    <div className="page-actions no-print">
      {total?.hasCharges ? <Days view={view} month={total.month} onChange={onChange} /> : null}
      {total && total.currencies.length > 1 ? (
        <Select label="Currency" value={total.currency ?? ''} options={total.currencies.map((one) => [one, one])} onChange={(currency) => onChange({ ...view, currency })} />
      ) : null}
      <Select label="Provider" value={view.provider ?? ''} options={[['', 'All providers'], ...known]} onChange={(provider) => onChange({ ...view, provider: provider || undefined })} />
      <Export view={view} lines={lines} by={by} where={where} />
      <PaperButton name={`${fileName(view, total?.month ?? null)}.pdf`} collect={() => costPaper(view, tags, by, trendBy)} />
    </div>
  )
}

const CUSTOM = 'custom'

/** The month that is shown, or any days. */
function Days({ view, month, onChange }: { view: CostView; month: string | null; onChange: (view: CostView) => void }) {
  const { data } = useQuery(costQuery({}, [], 'month'))
  const [isCustom, setCustom] = useState(false)
  const months = [...new Set((data?.lines ?? []).flatMap((line) => line.period ?? []))].toSorted().reverse()
  const { from, to } = view
  const shown = from?.slice(0, 7)
  const isMonth = shown !== undefined && from === `${shown}-01` && to === lastDay(shown) && months.includes(shown)
  const value = isCustom || (from && !isMonth) ? CUSTOM : (shown ?? month ?? '')
  const choose = (next: string) => {
    setCustom(next === CUSTOM)
    if (next === CUSTOM) return
    if (next === month) onChange({ ...view, from: undefined, to: undefined })
    else onChange({ ...view, from: `${next}-01`, to: lastDay(next) })
  }
  const options: [string, string][] = [...new Set([...(month ? [month] : []), ...months])].map((one) => [one, formatMonth(one)])
  return (
    <>
      <Select label="Month" value={value} options={[...options, [CUSTOM, 'Other days…']]} onChange={choose} />
      {value === CUSTOM ? <CustomDays view={view} month={month} onChange={onChange} /> : null}
    </>
  )
}

function CustomDays({ view, month, onChange }: { view: CostView; month: string | null; onChange: (view: CostView) => void }) {
  const [from, setFrom] = useState(view.from ?? (month ? `${month}-01` : ''))
  const [to, setTo] = useState(view.to ?? (month ? lastDay(month) : ''))
  const isWrong = from !== '' && to !== '' && from > to
  return (
    <form
      className="cost-days"
      onSubmit={(event) => {
        event.preventDefault()
        if (from && to && !isWrong) onChange({ ...view, from, to })
      }}
    >
      <input type="date" className="input select-small" aria-label="First day" value={from} required onChange={(event) => setFrom(event.target.value)} />
      <input
        type="date"
        className="input select-small"
        aria-label="Last day"
        value={to}
        required
        aria-invalid={isWrong || undefined}
        title={isWrong ? 'The last day is before the first.' : undefined}
        onChange={(event) => setTo(event.target.value)}
      />
      <Button type="submit" reason={isWrong && 'The last day is before the first.'}>
        Show
      </Button>
    </form>
  )
}

function fileName(view: CostView, month: string | null): string {
  return `costs-${(view.from ? daysLabel(view, null) : (month ?? 'now')).replaceAll(/[^\w-]+/g, '-').toLowerCase()}`
}

function Export({ view, lines, by, where }: { view: CostView; lines: Costs | undefined; by: string | undefined; where: string | undefined }) {
  const name = fileName(view, lines?.month ?? null)
  const save = () => {
    if (!lines) return
    const path = view.path ?? []
    const head = [...path.map(([tag]) => tag), ...(by ? [by] : []), 'resources', 'cost', 'shared', 'no_resource', 'currency']
    const rows = lines.lines.map((line) => [...path.map(([, value]) => value), ...line.values, line.resources, line.cost, line.shared, line.no_resource, lines.currency])
    download(`${name}.csv`, csv(head, rows))
  }
  return (
    <Menu
      label="Export"
      entries={[
        { id: 'lines', text: 'These costs', label: by ? `Costs by ${by}` : 'Costs', onAction: save },
        { id: 'resources', text: 'Resources', label: 'Resources of this selection', onAction: () => location.assign(address('exports', { where, format: 'csv' })) },
      ]}
    >
      <DownloadIcon /> CSV
    </Menu>
  )
}

/** The values that were opened, each with a button that leaves it. */
export function Path({ view, tags, onChange }: { view: CostView; tags: Tags; onChange: (view: CostView) => void }) {
  const { path = [] } = view
  if (path.length === 0) return null
  return (
    <div className="row row-wrap cost-path" role="group" aria-label="Opened values">
      {path.map(([name, value]) => (
        <span key={name} className={`badge${value === null ? ' badge-poor' : ''}`}>
          <span className="dim">{name}</span> <span className="wrap-anywhere">{labelOf(value)}</span>
          <button
            type="button"
            className="badge-remove no-print"
            aria-label={`Leave ${name} ${labelOf(value)}`}
            onClick={() => {
              const rest = path.filter(([other]) => other !== name)
              onChange({ ...view, path: rest.length > 0 ? rest : undefined, by: rest.length > 0 ? view.by : name })
            }}
          >
            <CloseIcon size={12} />
          </button>
        </span>
      ))}
      <Link to="/resources" search={{ filter: resourcesOf(view, [], tags) }} className="no-print">
        Show the resources
      </Link>
    </div>
  )
}
