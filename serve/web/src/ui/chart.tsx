import { type ReactNode, useEffect, useRef, useState } from 'react'
import type { EChartsCoreOption } from 'echarts/core'
import { useIsDark } from '../app/theme'
import './chart.css'

/** Colors of the theme, for what draws on a canvas. */
export interface Palette {
  ink: string
  dim: string
  edge: string
  card: string
  soft: string
  accent: string
  series: string[]
  missing: string
}

function palette(): Palette {
  const style = getComputedStyle(document.documentElement)
  const of = (name: string) => style.getPropertyValue(`--${name}`).trim()
  return {
    ink: of('ink'),
    dim: of('dim'),
    edge: of('edge'),
    card: of('card'),
    soft: of('soft'),
    accent: of('accent'),
    series: ['accent', 'decided', 'fair', 'inferred', 'low', 'good', 'high'].map(of),
    missing: of('edge-strong'),
  }
}

/**
 * A chart on a canvas, and the same numbers as a table. The library is loaded when the first chart is shown.
 * `onSelect` gets the name of the part that was clicked.
 */
export function Chart({
  label,
  height,
  option,
  table,
  onSelect,
}: {
  label: string
  height: number
  option: (colors: Palette) => EChartsCoreOption
  table: ReactNode
  onSelect?: (name: string, series: string) => void
}) {
  const box = useRef<HTMLDivElement>(null)
  const select = useRef(onSelect)
  useEffect(() => {
    select.current = onSelect
  })
  const isDark = useIsDark()
  const [isReady, setReady] = useState(false)
  const [hasFailed, setFailed] = useState(false)
  useEffect(() => {
    let chart: { dispose(): void; resize(): void } | undefined
    let isGone = false
    const observer = new ResizeObserver(() => chart?.resize())
    import('./echarts').then(
      ({ draw }) => {
        if (isGone || !box.current) return
        chart = draw(box.current, option(palette()), (name, series) => select.current?.(name, series))
        observer.observe(box.current)
        setReady(true)
      },
      () => setFailed(true),
    )
    return () => {
      isGone = true
      observer.disconnect()
      chart?.dispose()
    }
    // The theme changes the colors that `option` reads.
  }, [option, isDark])
  return (
    <figure className="chart">
      {hasFailed ? <p className="dim">The chart could not be loaded. The numbers are in the table.</p> : null}
      <div ref={box} className={`chart-box${isReady || hasFailed ? '' : ' skeleton'}`} style={{ height: hasFailed ? 0 : height }} role="img" aria-label={label} />
      <details className="chart-table" open={hasFailed || undefined}>
        <summary>Show as a table</summary>
        <div className="table-scroll" tabIndex={0} role="region" aria-label={`${label}, as a table`}>
          {table}
        </div>
      </details>
    </figure>
  )
}
