/** Sums of decimal texts, exact to their last digit. */

/** null: no amount is known. */
export function sumAmounts(amounts: readonly (string | null | undefined)[]): string | null {
  const known = amounts.filter((one): one is string => typeof one === 'string')
  if (known.length === 0) return null
  const digits = Math.max(...known.map((one) => (one.split('.')[1] ?? '').length))
  const sum = known.reduce((total, one) => total + units(one, digits), 0n)
  return text(sum, digits)
}

/** An amount as a whole number of the smallest unit. */
function units(amount: string, digits: number): bigint {
  const [whole = '0', fraction = ''] = amount.replace('-', '').split('.')
  const value = BigInt(whole + fraction.padEnd(digits, '0'))
  return amount.startsWith('-') ? -value : value
}

function text(value: bigint, digits: number): string {
  const sign = value < 0n ? '-' : ''
  const all = (value < 0n ? -value : value).toString().padStart(digits + 1, '0')
  return digits === 0 ? `${sign}${all}` : `${sign}${all.slice(0, -digits)}.${all.slice(-digits)}`
}
