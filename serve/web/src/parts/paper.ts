/** Reports on paper: figures, tables and lines as a PDF. The library that writes it is loaded when the first one is asked for. */
import type { Content, TableCell } from 'pdfmake/interfaces'
import { download } from '../lib/csv'

export interface PaperColumn {
  label: string
  /** Numbers are at the right. */
  isNumber?: boolean
}

export type PaperPart =
  | { kind: 'figures'; figures: { label: string; value: string; note?: string }[] }
  /** `shares` draws a bar at the end of each row, from 0 to 1. `shades` colors the cells behind the first. */
  | { kind: 'table'; title: string; note?: string; columns: PaperColumn[]; rows: (string | null)[][]; shares?: number[]; shades?: number[][] }
  | { kind: 'line'; title: string; points: { label: string; value: number; shown: string }[] }

export interface Paper {
  title: string
  /** What it is about: the days, the filter. */
  subtitle: string
  parts: PaperPart[]
}

/** The tokens of the light theme: paper is light. */
const COLORS = { ink: '#1a2130', dim: '#59627a', edge: '#dfe3ec', accent: '#3b5bdb', missing: '#d6336c', soft: '#e7ecff' }

/** The width between the margins of A4, in points. */
const WIDTH = 515
const BAR = 110

/** Lets a long word break, which the library does only at spaces: behind its punctuation, and inside what is still long. */
export function breakable(text: string): string {
  return text.replace(/\S{25,}/gu, (word) =>
    word
      .replace(/[/@.:_-](?=\S)/g, '$&\u200b')
      .split('\u200b')
      .map((part) => part.replace(/.{24}(?=.)/gu, '$&\u200b'))
      .join('\u200b'),
  )
}

const title = (text: string, note?: string) => ({
  columns: [
    { text, style: 'heading', width: '*' as const },
    ...(note ? [{ text: note, style: 'note', alignment: 'right' as const, width: 'auto' as const }] : []),
  ],
  margin: [0, 16, 0, 5] as [number, number, number, number],
})

function figures(part: PaperPart & { kind: 'figures' }): Content {
  return {
    columns: part.figures.map(({ label, value, note }) => ({ stack: [{ text: label, style: 'note' }, { text: value, style: 'figure' }, { text: note ?? '', style: 'note' }], width: '*' })),
    columnGap: 12,
    margin: [0, 12, 0, 0],
  }
}

/** The accent color on white, `share` of it. */
function shade(share: number): string {
  const mix = (from: number, to: number) => Math.round(from + (to - from) * Math.min(1, Math.max(0, share)) * 0.4)
  return `#${[mix(255, 59), mix(255, 91), mix(255, 219)].map((one) => one.toString(16).padStart(2, '0')).join('')}`
}

function table({ title: heading, note, columns, rows, shares, shades }: PaperPart & { kind: 'table' }): Content[] {
  const head: TableCell[] = columns.map((column) => ({ text: column.label, style: 'note', alignment: column.isNumber ? 'right' : 'left' }))
  const body = rows.map((row, at): TableCell[] => [
    ...row.map((text, column): TableCell => {
      const fill = column > 0 ? shades?.[at]?.[column - 1] : undefined
      return {
        text: breakable(text ?? '(missing)'),
        alignment: columns[column]?.isNumber ? 'right' : 'left',
        ...(text === null ? { color: COLORS.missing } : {}),
        ...(fill === undefined ? {} : { fillColor: shade(fill) }),
      }
    }),
    ...(shares ? [{ canvas: [{ type: 'rect' as const, x: 0, y: 3, w: Math.max(0.5, BAR * Math.min(1, Math.max(0, shares[at] ?? 0))), h: 6, r: 2, color: row[0] === null ? COLORS.missing : COLORS.accent }] }] : []),
  ])
  const widths: (string | number)[] = [...columns.map((column) => (column.isNumber ? 'auto' : '*')), ...(shares ? [BAR] : [])]
  // The title is a row of the table, so that no page ends with it, and the next page repeats it.
  const first: TableCell[] = [{ ...title(heading, note), colSpan: widths.length }, ...widths.slice(1).map(() => '')]
  return [
    {
      table: { headerRows: 2, keepWithHeaderRows: 2, dontBreakRows: true, widths, body: [first, shares ? [...head, ''] : head, ...body] },
      layout: { hLineWidth: (at, { table: { body: all } }) => (at < 2 || at === all.length ? 0 : 0.5), vLineWidth: () => 0, hLineColor: () => COLORS.edge, paddingLeft: (at) => (at === 0 ? 0 : 4), paddingRight: () => 4, paddingTop: () => 3, paddingBottom: () => 3 },
    },
  ]
}

function line({ title: heading, points }: PaperPart & { kind: 'line' }): Content[] {
  const [height, values] = [90, points.map((point) => point.value)]
  const [least, most] = [Math.min(...values), Math.max(...values)]
  const place = (value: number, at: number) => ({ x: (at / Math.max(1, points.length - 1)) * WIDTH, y: height - ((value - least) / (most - least || 1)) * (height - 6) - 3 })
  const [first, last] = [points[0], points.at(-1)]
  return [
    title(heading, first && last ? `${first.shown} to ${last.shown}` : undefined),
    {
      canvas: [
        { type: 'line', x1: 0, y1: height, x2: WIDTH, y2: height, lineWidth: 0.5, lineColor: COLORS.edge },
        { type: 'polyline', lineWidth: 1.5, lineColor: COLORS.accent, points: values.map(place) },
      ],
    },
    { columns: [{ text: first?.label ?? '', style: 'note' }, { text: last?.label ?? '', style: 'note', alignment: 'right' }], margin: [0, 3, 0, 0] },
  ]
}

function contentOf(part: PaperPart): Content[] {
  if (part.kind === 'figures') return [figures(part)]
  if (part.kind === 'line') return part.points.length > 1 ? line(part) : []
  return table(part)
}

/** Writes a report, and saves it on this computer. */
export async function savePaper(name: string, { title: heading, subtitle, parts }: Paper): Promise<void> {
  const [{ default: pdfmake }, { default: fonts }] = await Promise.all([import('pdfmake/build/pdfmake'), import('pdfmake/build/vfs_fonts')])
  pdfmake.addVirtualFileSystem(fonts)
  const made = pdfmake.createPdf({
    info: { title: heading, creator: 'tagpol' },
    language: 'en',
    pageSize: 'A4',
    pageMargins: [40, 40, 40, 46],
    defaultStyle: { fontSize: 9, color: COLORS.ink, lineHeight: 1.15 },
    styles: { title: { fontSize: 20, bold: true }, heading: { fontSize: 12, bold: true }, note: { fontSize: 8, color: COLORS.dim }, figure: { fontSize: 16, bold: true } },
    footer: (page, pages) => ({ margin: [40, 14, 40, 0], columns: [{ text: `${heading} · ${subtitle}`, style: 'note', width: '*' }, { text: `${page} of ${pages}`, style: 'note', alignment: 'right', width: 'auto' }] }),
    content: [{ text: heading, style: 'title' }, { text: subtitle, color: COLORS.dim }, ...parts.flatMap(contentOf)],
  })
  download(name, await made.getBlob())
}
