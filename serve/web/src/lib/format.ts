/** Numbers, money and times as people read them. Everything exact comes from the server; here it is only written out. */

const LOCALE = 'en-US'

const count = new Intl.NumberFormat(LOCALE)
const compact = new Intl.NumberFormat(LOCALE, { notation: 'compact', maximumFractionDigits: 1 })
const cents = new Intl.NumberFormat(LOCALE, { minimumFractionDigits: 2, maximumFractionDigits: 2 })
const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 })

export function formatCount(value: number): string {
  return count.format(value)
}

export function formatCompact(value: number): string {
  return compact.format(value)
}

/** An amount with cents. The text keeps all digits, which a double would not. */
export function formatAmount(value: string | null | undefined): string {
  return value === null || value === undefined ? '' : cents.format(value as Intl.StringNumericLiteral)
}

/** An amount in whole units, for axes and headings. */
export function formatWhole(value: string | number): string {
  return whole.format(value as Intl.StringNumericLiteral)
}

export function formatMoney(value: string | null | undefined, currency: string | null | undefined): string {
  if (value === null || value === undefined) return 'no cost data'
  return `${formatAmount(value)}${currency ? ` ${currency}` : ''}`
}

/**
 * A share as a percentage, rounded half up. It is 100% or 0% only if it is exactly that.
 * @param share from 0 to 1
 */
export function formatPercent(share: number, digits = 0): string {
  if (share >= 1) return '100%'
  if (share <= 0) return '0%'
  const factor = 10 ** digits
  const rounded = Math.floor(share * 100 * factor + 0.5) / factor
  const smallest = 1 / factor
  return `${Math.min(100 - smallest, Math.max(smallest, rounded)).toFixed(digits)}%`
}

/** A confidence, never shown as certain. */
export function formatConfidence(confidence: number): string {
  return Math.min(0.99, Math.max(0.01, confidence)).toFixed(2)
}

const day = new Intl.DateTimeFormat(LOCALE, { day: 'numeric', month: 'short', timeZone: 'UTC' })
const dayAndYear = new Intl.DateTimeFormat(LOCALE, { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' })
const monthAndYear = new Intl.DateTimeFormat(LOCALE, { month: 'short', year: 'numeric', timeZone: 'UTC' })
const minute = new Intl.DateTimeFormat(LOCALE, {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
  timeZone: 'UTC',
  timeZoneName: 'short',
})

/** `Nov 30`, with the year if it is not this one. */
export function formatDay(time: string, now: Date = new Date()): string {
  const at = new Date(time)
  return (at.getUTCFullYear() === now.getUTCFullYear() ? day : dayAndYear).format(at)
}

export function formatTime(time: string): string {
  return minute.format(new Date(time))
}

/** `2026-10` as `Oct 2026`. */
export function formatMonth(month: string): string {
  const at = new Date(`${month}-01T00:00:00Z`)
  return Number.isNaN(at.getTime()) ? month : monthAndYear.format(at)
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
]
const relative = new Intl.RelativeTimeFormat(LOCALE, { numeric: 'auto' })

/** `3 hours ago`, `in 9 hours`; beyond 30 days the date. */
export function formatAgo(time: string, now: Date = new Date()): string {
  const seconds = (new Date(time).getTime() - now.getTime()) / 1000
  if (Math.abs(seconds) > 30 * 86_400) return formatDay(time, now)
  for (const [unit, length] of STEPS) {
    if (Math.abs(seconds) >= length) return relative.format(Math.trunc(seconds / length), unit)
  }
  return seconds > 0 ? 'in a moment' : 'just now'
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${formatCount(value)} ${value === 1 ? one : many}`
}

const CAMEL: Record<string, string> = { aws: 'AWS', gcp: 'GCP', azure: 'Azure' }

export function formatProvider(provider: string | null): string {
  return provider === null ? '' : (CAMEL[provider] ?? provider)
}
