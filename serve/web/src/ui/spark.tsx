/** A small line of a trend. It is decoration: the numbers are next to it. */
export function Spark({ values, height = 44 }: { values: readonly number[]; height?: number }) {
  if (values.length < 2) return null
  const width = 240
  const low = Math.min(...values)
  const high = Math.max(...values)
  const span = high - low || 1
  const points = values.map((value, at) => {
    const x = (at / (values.length - 1)) * width
    const y = 3 + (height - 6) * (1 - (value - low) / span)
    return `${x.toFixed(1)},${y.toFixed(1)}`
  })
  return (
    <svg className="spark" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" width="100%" height={height} aria-hidden="true">
      <polyline points={`0,${height} ${points.join(' ')} ${width},${height}`} fill="var(--accent-soft)" stroke="none" />
      <polyline points={points.join(' ')} fill="none" stroke="var(--accent)" strokeWidth="2" vectorEffect="non-scaling-stroke" strokeLinejoin="round" />
    </svg>
  )
}
