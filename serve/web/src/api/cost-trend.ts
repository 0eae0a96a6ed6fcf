/** What `GET costs/trend` returns, as far as it is shown. */

/** What a month will come to, if it goes on as before. */
export interface Projection {
  month: string
  /** The last day with charges. */
  through: string
  spent: string
  expected: string
  /** The ends of the 95% interval. */
  low: string
  high: string
  /** Days that it is made of. */
  days: number
}

export interface CostTrend {
  parts: { currency: string | null; projection: Projection | null }[]
}
