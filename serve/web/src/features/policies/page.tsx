import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from 'react'
import { queries } from '../../api/queries'
import type { PolicyFiles } from '../../api/types'
import { useReason } from '../../app/session'
import { type Connection, type Diagnostic, LanguageClient, type Position } from '../../editor/language-client'
import { Button } from '../../ui/button'
import { LockIcon } from '../../ui/icons'
import { LoadingCards, QueryState, State } from '../../ui/states'
import { conflicts, type Drafts, keepDrafts, readDrafts, withDraft } from './drafts'
import { FileList } from './file-list'
import { ImpactPanel } from './impact-panel'
import { NewFile } from './new-file'
import { Problems } from './problems'
import { Revisions } from './revisions'
import { SaveDialog } from './save-dialog'
import { ShareButton, useSharedTexts } from './share'
import { TestPanel } from './test-panel'
import './policies.css'

const Editor = lazy(() => import('../../editor/editor').then((module) => ({ default: module.Editor })))

const route = getRouteApi('/shell/policies')

export function PoliciesPage() {
  const reason = useReason('edit_policies')
  const files = useQuery({ ...queries.policyFiles(), enabled: !reason, refetchOnWindowFocus: false })
  return (
    <main className="page page-full" id="main" tabIndex={-1}>
      <header className="page-head">
        <div>
          <h1>Policies</h1>
          <p className="dim">The files of the project, on its inventory</p>
        </div>
      </header>
      {reason ? (
        <div className="card">
          <State title="Policies are for administrators" icon={<LockIcon size={28} />}>
            <p>They show native tags, which the dashboard shows nowhere else. {reason}</p>
          </State>
        </div>
      ) : (
        <QueryState query={files} loading={<LoadingCards heights={[480]} />}>
          {(data) => <Workbench data={data} />}
        </QueryState>
      )}
    </main>
  )
}

/** A connection to the language server for as long as the page is open. */
function useLanguageServer(): { client: LanguageClient | undefined; connection: Connection; diagnostics: ReadonlyMap<string, Diagnostic[]> } {
  const [client, setClient] = useState<LanguageClient>()
  const [connection, setConnection] = useState<Connection>('connecting')
  const [diagnostics, setDiagnostics] = useState<ReadonlyMap<string, Diagnostic[]>>(new Map())
  useEffect(() => {
    const made = new LanguageClient({
      onConnection: setConnection,
      onDiagnostics: (path, found) => setDiagnostics((before) => new Map(before).set(path, found)),
    })
    setClient(made)
    return () => made.end()
  }, [])
  return { client, connection, diagnostics }
}

const NONE: Diagnostic[] = []

function Workbench({ data: { items: files, read_only } }: { data: PolicyFiles & { read_only?: string | null } }) {
  const { file } = route.useSearch()
  const navigate = useNavigate()
  const { client, connection, diagnostics } = useLanguageServer()
  const [drafts, setDrafts] = useState<Drafts>(() => readDrafts(sessionStorage))
  const [target, setTarget] = useState<Position>()
  const [isSaving, setSaving] = useState(false)
  // A new editor for a text that is not the one that was typed.
  const [version, setVersion] = useState(0)
  const saved = useMemo(() => new Map(files.map(({ path, text }) => [path, text])), [files])
  useEffect(() => keepDrafts(sessionStorage, drafts), [drafts])
  // Drafts count in tests and evaluations, whether their file is shown or not.
  useEffect(() => {
    for (const [path, { text }] of Object.entries(drafts)) client?.update(path, text)
  }, [client, drafts])
  const paths = [...new Set([...saved.keys(), ...Object.keys(drafts)])]
  const path = file && paths.includes(file) ? file : paths[0]
  const text = path === undefined ? undefined : (drafts[path]?.text ?? saved.get(path))
  // What somebody else saves takes the place of a text that is not changed here.
  const seen = useRef(saved)
  useEffect(() => {
    const before = seen.current
    seen.current = saved
    if (path !== undefined && !drafts[path] && before.get(path) !== saved.get(path)) setVersion((one) => one + 1)
  }, [saved])
  const open = (next: string, at?: Position) => {
    setTarget(at && { ...at })
    void navigate({ to: '/policies', search: { file: next }, replace: true })
  }
  const revert = (name: string) => {
    setDrafts(({ [name]: _, ...others }) => others)
    const before = saved.get(name)
    if (before === undefined) client?.close(name)
    else client?.update(name, before)
    setVersion((one) => one + 1)
  }
  useSharedTexts(drafts, (texts) => {
    setDrafts((before) => texts.reduce((all, one) => withDraft(all, one.path, one.text, saved.get(one.path)), before))
    setVersion((one) => one + 1)
  })
  const replaced = conflicts(drafts, saved)
  const conflict = replaced[0] === undefined ? undefined : `Somebody else has saved ${replaced[0]}. Decide first which text stays.`
  const cannotSave = read_only ?? (Object.keys(drafts).length === 0 ? 'Nothing is changed yet.' : conflict)
  return (
    <>
      <ConnectionNote connection={connection} />
      <div className="workbench">
        <aside className="card workbench-files" aria-label="Files">
          <FileList paths={paths} shown={path} drafts={drafts} diagnostics={diagnostics} isNew={(name) => !saved.has(name)} onOpen={open} />
          <NewFile
            paths={paths}
            onAdd={(name) => {
              setDrafts((before) => ({ ...before, [name]: { text: `// ${name}\n`, base: null } }))
              open(name)
            }}
          />
        </aside>
        <section className="card workbench-editor" aria-label="Editor">
          {path === undefined ? (
            <State title="No policy files yet">
              <p>Add a file to write the first tag or policy.</p>
            </State>
          ) : text === undefined ? null : (
            <>
              <div className="workbench-bar">
                <span className="mono small wrap-anywhere grow">{path}</span>
                {drafts[path] === undefined ? null : (
                  <Button small variant="quiet" onClick={() => revert(path)}>
                    {saved.has(path) ? 'Undo all changes' : 'Discard'}
                  </Button>
                )}
                <ShareButton path={path} text={text} drafts={drafts} />
                <Button small variant="primary" reason={cannotSave} onClick={() => setSaving(true)}>
                  Save…
                </Button>
              </div>
              {replaced.includes(path) ? (
                <div className="note row row-wrap" role="alert">
                  <span className="grow">Somebody else has saved this file since you began to change it.</span>
                  <Button small onClick={() => revert(path)}>
                    Take the saved text
                  </Button>
                  <Button small onClick={() => setDrafts((before) => ({ ...before, [path]: { text, base: saved.get(path) ?? null } }))}>
                    Keep mine
                  </Button>
                </div>
              ) : null}
              {client ? (
                <Suspense fallback={<div className="skeleton editor" />}>
                  <Editor
                    key={`${path}:${version}`}
                    path={path}
                    text={text}
                    client={client}
                    diagnostics={diagnostics.get(path) ?? NONE}
                    target={target}
                    onChange={(next) => setDrafts((before) => withDraft(before, path, next, saved.get(path)))}
                    onSave={() => setSaving(!cannotSave)}
                  />
                </Suspense>
              ) : null}
            </>
          )}
        </section>
        <div className="workbench-side">
          <Problems diagnostics={diagnostics} onOpen={open} />
          <ImpactPanel drafts={drafts} />
          {client ? <TestPanel client={client} onOpen={open} /> : null}
          <Revisions />
        </div>
      </div>
      {isSaving ? (
        <SaveDialog
          drafts={drafts}
          onClose={() => setSaving(false)}
          onSaved={() => {
            setSaving(false)
            setDrafts({})
          }}
        />
      ) : null}
    </>
  )
}

function ConnectionNote({ connection }: { connection: Connection }) {
  return (
    <div role="status">
      {connection === 'lost' ? <p className="note">The connection to the language server was lost. It is opened again by itself; what you typed stays here.</p> : null}
    </div>
  )
}
