import { showTheme, theme } from '../app/theme'

/** How long charts take to draw again in other colors. */
const DRAWING = 500

/** Prints the page as on paper: in light colors, with the numbers of charts as tables. */
export async function printPage(): Promise<void> {
  const before = theme()
  const tables = [...document.querySelectorAll<HTMLDetailsElement>('details.chart-table:not([open])')]
  showTheme('light')
  for (const table of tables) table.open = true
  await new Promise((done) => setTimeout(done, DRAWING))
  window.print()
  for (const table of tables) table.open = false
  showTheme(before)
}
