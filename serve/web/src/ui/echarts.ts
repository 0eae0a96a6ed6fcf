/** The parts of Apache ECharts that charts use. Loaded on demand, see `Chart`. */
import { BarChart, HeatmapChart, LineChart, PieChart, ScatterChart } from 'echarts/charts'
import { GridComponent, LegendComponent, MarkAreaComponent, TooltipComponent, VisualMapComponent } from 'echarts/components'
import { type EChartsCoreOption, init, use } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'

use([BarChart, HeatmapChart, LineChart, PieChart, ScatterChart, GridComponent, LegendComponent, MarkAreaComponent, TooltipComponent, VisualMapComponent, CanvasRenderer])

export function draw(box: HTMLElement, option: EChartsCoreOption, onSelect: (name: string, series: string) => void) {
  const chart = init(box)
  const isStill = matchMedia('(prefers-reduced-motion: reduce)').matches
  chart.setOption({ animation: !isStill, animationDuration: 300, ...option })
  chart.on('click', (event) => onSelect(String(event.name), String(event.seriesName ?? '')))
  return chart
}
