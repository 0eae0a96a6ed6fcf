import type { Diagnostic } from '../../editor/language-client'
import { plural } from '../../lib/format'
import type { Drafts } from './drafts'

interface FileListProps {
  paths: string[]
  shown: string | undefined
  drafts: Drafts
  diagnostics: ReadonlyMap<string, Diagnostic[]>
  isNew: (path: string) => boolean
  onOpen: (path: string) => void
}

export function FileList({ paths, shown, drafts, diagnostics, isNew, onOpen }: FileListProps) {
  return (
    <ul className="files">
      {paths.map((path) => {
        const errors = (diagnostics.get(path) ?? []).filter((one) => (one.severity ?? 1) === 1).length
        const slash = path.lastIndexOf('/') + 1
        return (
          <li key={path}>
            <button type="button" className="file" aria-current={path === shown || undefined} title={path} onClick={() => onOpen(path)}>
              <span className="truncate grow">
                {path.slice(slash)} <span className="dim small">{path.slice(0, slash)}</span>
              </span>
              {errors > 0 ? <span className="badge badge-poor">{plural(errors, 'error')}</span> : null}
              {drafts[path] === undefined ? null : <span className="badge badge-fair">{isNew(path) ? 'new' : 'changed'}</span>}
            </button>
          </li>
        )
      })}
    </ul>
  )
}
