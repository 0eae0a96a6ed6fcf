import { Dialog } from '../ui/dialog'
import { PAGES } from './pages'

const GENERAL: [string, string][] = [
  ['⌘ K or Ctrl K', 'Search, or run a command'],
  ['/', 'Filter resources'],
  ['?', 'Show this list'],
  ['Esc', 'Close, then clear the selection'],
]
const LIST: [string, string][] = [
  ['j or ↓', 'Next resource'],
  ['k or ↑', 'Previous resource'],
  ['Enter', 'Open the resource'],
  ['x or Space', 'Select the resource'],
  ['a', 'Accept the first suggestion of the open resource'],
]

export function ShortcutHelp({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const groups: [string, [string, string][]][] = [
    ['Everywhere', GENERAL],
    ['Resources', LIST],
    ['Go to', PAGES.map((page) => [page.key, page.label])],
  ]
  return (
    <Dialog title="Keyboard" isOpen={isOpen} onClose={onClose}>
      {groups.map(([title, keys]) => (
        <section key={title} className="stack">
          <h3>{title}</h3>
          <dl className="shortcuts">
            {keys.map(([key, text]) => (
              <div key={key} className="row spread">
                <dt>{text}</dt>
                <dd>
                  <kbd>{key}</kbd>
                </dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </Dialog>
  )
}
