/** What the language server adds to an editor: completion, hovers, and diagnostics with their fixes. */
import { autocompletion, type Completion, type CompletionContext, type CompletionResult } from '@codemirror/autocomplete'
import { type Action, type Diagnostic as Shown, setDiagnostics } from '@codemirror/lint'
import type { Extension } from '@codemirror/state'
import { type EditorView, hoverTooltip } from '@codemirror/view'
import { type CodeAction, type Diagnostic, type LanguageClient, pathOf, type TextEdit, uriOf } from './language-client'
import { markdown } from './markdown'
import { changesOf, offsetOf, positionOf, spanOf } from './positions'

interface Item {
  label: string
  detail?: string
  kind?: number
  documentation?: string | { value: string }
  filterText?: string
  sortText?: string
  insertText?: string
  textEdit?: { range: TextEdit['range']; newText: string } | { insert: TextEdit['range']; replace: TextEdit['range']; newText: string }
  additionalTextEdits?: TextEdit[]
}

/** Types of offers, which give them their icons. */
const KINDS: Record<number, string> = { 3: 'function', 5: 'property', 6: 'variable', 7: 'class', 10: 'property', 12: 'constant', 13: 'enum', 14: 'keyword', 15: 'text', 17: 'text', 20: 'enum', 21: 'constant' }

const SEVERITIES = { 1: 'error', 2: 'warning', 3: 'info', 4: 'hint' } as const

/** The most diagnostics whose fixes are asked for at once. */
const WITH_FIXES = 20

export function languageServer(client: LanguageClient, path: string): Extension {
  const document = { uri: uriOf(path) }
  return [
    autocompletion({ override: [(context) => complete(client, path, context)], icons: false, activateOnTypingDelay: 0 }),
    hoverTooltip(async (view, at) => {
      const found = await client
        .request<{ contents: { value: string }; range?: TextEdit['range'] } | null>('textDocument/hover', { textDocument: document, position: positionOf(view.state.doc, at) })
        .catch(() => null)
      if (!found?.contents.value) return null
      const { from, to } = found.range ? spanOf(view.state.doc, found.range) : { from: at, to: at }
      return { pos: from, end: to, above: true, create: () => ({ dom: markdown(found.contents.value) }) }
    }),
  ]
}

async function complete(client: LanguageClient, path: string, context: CompletionContext): Promise<CompletionResult | null> {
  const text = context.state.doc
  const word = context.matchBefore(/[\w-]*/)
  if (!context.explicit && word?.text === '' && !/[\s."([{,=]$/.test(context.state.sliceDoc(Math.max(0, context.pos - 1), context.pos))) return null
  // The change that led here may not have been sent yet.
  client.update(path, text.toString())
  const controller = new AbortController()
  context.addEventListener('abort', () => controller.abort(), { onDocChange: true })
  const answer = await client
    .request<{ items: Item[] } | Item[] | null>('textDocument/completion', { textDocument: { uri: uriOf(path) }, position: positionOf(text, context.pos) }, controller.signal)
    .catch(() => null)
  const items = Array.isArray(answer) ? answer : (answer?.items ?? [])
  if (items.length === 0 || context.aborted) return null
  const from = Math.min(...items.map((item) => replaced(item, text, word?.from ?? context.pos)))
  const typed = context.state.sliceDoc(from, context.pos).toLowerCase()
  const matching = items.filter((item) => fits((item.filterText ?? item.label).toLowerCase(), typed))
  matching.sort((a, b) => (a.sortText ?? a.label).localeCompare(b.sortText ?? b.label))
  return { from, options: matching.slice(0, 100).map((item) => option(item, text)), filter: false }
}

function replaced(item: Item, text: EditorView['state']['doc'], otherwise: number): number {
  const edit = item.textEdit
  if (!edit) return otherwise
  return offsetOf(text, ('range' in edit ? edit.range : edit.replace).start)
}

/** Whether the letters that were typed are in an offer, in their order. */
function fits(offer: string, typed: string): boolean {
  let at = 0
  for (const letter of typed) {
    at = offer.indexOf(letter, at) + 1
    if (at === 0) return false
  }
  return true
}

function option(item: Item, before: EditorView['state']['doc']): Completion {
  const documentation = typeof item.documentation === 'string' ? item.documentation : item.documentation?.value
  return {
    label: item.label,
    ...(item.detail ? { detail: item.detail } : {}),
    ...(item.kind !== undefined && KINDS[item.kind] ? { type: KINDS[item.kind] ?? '' } : {}),
    ...(documentation ? { info: () => markdown(documentation) } : {}),
    apply: (view, _, from, to) => {
      const insert = item.textEdit?.newText ?? item.insertText ?? item.label
      const more = changesOf(before, item.additionalTextEdits ?? []).filter((one) => one.to <= from || one.from >= to)
      view.dispatch({ changes: [...more, { from, to, insert }], selection: undefined, userEvent: 'input.complete' })
      const moved = more.filter((one) => one.to <= from).reduce((sum, one) => sum + one.insert.length - (one.to - one.from), 0)
      view.dispatch({ selection: { anchor: from + moved + insert.length } })
    },
  }
}

/** Shows diagnostics of the text that the editor has, each with its fixes. */
export async function showDiagnostics(client: LanguageClient, path: string, view: EditorView, diagnostics: readonly Diagnostic[]): Promise<void> {
  const text = view.state.doc
  const shown = (actions: (one: Diagnostic) => Action[]) =>
    diagnostics.map((one): Shown => {
      const { from, to } = spanOf(text, one.range)
      const code = one.code ? ` (${one.code})` : ''
      return { from, to: Math.max(from, to), severity: SEVERITIES[one.severity ?? 1], message: `${one.message}${code}`, actions: actions(one) }
    })
  view.dispatch(setDiagnostics(view.state, shown(() => [])))
  const fixes = new Map<Diagnostic, Action[]>()
  await Promise.all(
    diagnostics.slice(0, WITH_FIXES).map(async (one) => {
      const params = { textDocument: { uri: uriOf(path) }, range: one.range, context: { diagnostics: [one], only: ['quickfix'] } }
      const found = await client.request<CodeAction[] | null>('textDocument/codeAction', params).catch(() => null)
      fixes.set(one, (found ?? []).flatMap((action) => fix(action, path)))
    }),
  )
  // Fixes are of the text for which they were asked.
  if (view.state.doc.eq(text)) view.dispatch(setDiagnostics(view.state, shown((one) => fixes.get(one) ?? [])))
}

function fix(action: CodeAction, path: string): Action[] {
  const all = [...Object.entries(action.edit?.changes ?? {}), ...(action.edit?.documentChanges ?? []).map(({ textDocument, edits }): [string, TextEdit[]] => [textDocument.uri, edits])]
  const [own] = all.filter(([uri]) => pathOf(uri) === path)
  if (!own || action.disabled || all.length > 1) return []
  return [{ name: action.title, apply: (view) => view.dispatch({ changes: changesOf(view.state.doc, own[1]), userEvent: 'input.fix' }) }]
}
