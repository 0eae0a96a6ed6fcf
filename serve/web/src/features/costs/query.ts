import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { request } from '../../api/client'
import type { CostReport } from '../../api/types'
import { type CostView, costParams, type Line, linesOf } from '../../lib/costs'

/** Costs in a currency by some names. */
export interface Costs {
  currency: string | null
  currencies: string[]
  month: string | null
  hasCharges: boolean
  unknownAmounts: number
  total: string
  lines: Line[]
}

/** Costs of a view by some names: without the values that the view fixes, in the currency that it shows. */
export function costQuery(view: CostView, names: readonly string[], period?: 'day' | 'month') {
  const params = costParams(view, names, period)
  return queryOptions({
    queryKey: ['costs', params, view.currency ?? null],
    queryFn: async ({ signal }): Promise<Costs> => {
      const report = await request<CostReport>('costs', { params, signal })
      const part = report.parts.find((one) => one.currency === view.currency) ?? report.parts[0]
      return {
        currency: part?.currency ?? null,
        currencies: report.parts.flatMap((one) => one.currency ?? []),
        month: report.month,
        hasCharges: report.has_charges,
        unknownAmounts: report.unknown_amounts,
        total: part?.total ?? '0',
        lines: linesOf(part, view, names),
      }
    },
    placeholderData: keepPreviousData,
  })
}
