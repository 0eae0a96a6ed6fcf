import { closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { bracketMatching, indentUnit } from '@codemirror/language'
import { lintGutter, lintKeymap } from '@codemirror/lint'
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search'
import { Compartment, EditorState } from '@codemirror/state'
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from '@codemirror/view'
import { useEffect, useRef } from 'react'
import { useIsDark } from '../app/theme'
import { languageServer, showDiagnostics } from './extensions'
import { highlighting } from './highlighting'
import type { Diagnostic, LanguageClient } from './language-client'
import { offsetOf } from './positions'
import './editor.css'

interface EditorProps {
  path: string
  /** The text at first; a new `path` makes a new editor. */
  text: string
  client: LanguageClient
  diagnostics: readonly Diagnostic[]
  /** A place to show, each time that it is another object. */
  target?: { line: number; character: number } | undefined
  onChange: (text: string) => void
  onSave: () => void
}

/** The styles that the editor adds need the nonce of the page. */
function nonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? ''
}

export function Editor({ path, text, client, diagnostics, target, onChange, onSave }: EditorProps) {
  const box = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(undefined)
  const first = useRef(text)
  const handlers = useRef({ onChange, onSave })
  const theme = useRef(new Compartment())
  const isDark = useIsDark()
  useEffect(() => {
    handlers.current = { onChange, onSave }
  })
  useEffect(() => {
    if (!box.current) return
    const made = new EditorView({
      parent: box.current,
      state: EditorState.create({
        doc: first.current,
        extensions: [
          EditorView.cspNonce.of(nonce()),
          theme.current.of([]),
          lineNumbers(),
          lintGutter(),
          history(),
          drawSelection(),
          bracketMatching(),
          closeBrackets(),
          highlightActiveLine(),
          highlightActiveLineGutter(),
          highlightSelectionMatches(),
          indentUnit.of('  '),
          EditorView.contentAttributes.of({ 'aria-label': `Text of ${path}`, spellcheck: 'false', tabindex: '0' }),
          highlighting,
          languageServer(client, path),
          keymap.of([
            {
              key: 'Mod-s',
              preventDefault: true,
              run: () => {
                handlers.current.onSave()
                return true
              },
            },
            ...closeBracketsKeymap,
            ...defaultKeymap,
            ...searchKeymap,
            ...historyKeymap,
            ...completionKeymap,
            ...lintKeymap,
          ]),
          EditorView.updateListener.of((update) => {
            if (!update.docChanged) return
            const now = update.state.doc.toString()
            client.update(path, now)
            handlers.current.onChange(now)
          }),
        ],
      }),
    })
    view.current = made
    client.update(path, first.current)
    return () => made.destroy()
  }, [client, path])
  useEffect(() => {
    view.current?.dispatch({ effects: theme.current.reconfigure(EditorView.darkTheme.of(isDark)) })
  }, [isDark])
  useEffect(() => {
    if (view.current) void showDiagnostics(client, path, view.current, diagnostics)
  }, [client, path, diagnostics])
  useEffect(() => {
    if (!view.current || !target) return
    const at = offsetOf(view.current.state.doc, target)
    view.current.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: 'center' }) })
    view.current.focus()
  }, [target])
  return <div ref={box} className="editor" />
}
