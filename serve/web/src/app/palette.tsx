import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type KeyboardEvent, type ReactNode, useDeferredValue, useEffect, useState } from 'react'
import { Dialog, Modal, ModalOverlay } from 'react-aria-components'
import { request } from '../api/client'
import { queries, queryClient } from '../api/queries'
import { isCondition } from '../lib/condition'
import { formatProvider } from '../lib/format'
import { SearchIcon } from '../ui/icons'
import { toast, toastError } from '../ui/toast'
import { PAGES } from './pages'
import { useReason } from './session'
import { setTheme } from './theme'
import './palette.css'

interface Command {
  id: string
  label: ReactNode
  text: string
  hint?: string | undefined
  run: () => void
}

/** Finds pages, commands and resources by words. */
export function Palette({ onClose, onHelp }: { onClose: () => void; onHelp: () => void }) {
  const [text, setText] = useState('')
  const [active, setActive] = useState(0)
  const commands = useCommands(text.trim(), onHelp)
  const at = Math.min(active, commands.length - 1)
  useEffect(() => {
    document.getElementById(`command-${at}`)?.scrollIntoView({ block: 'nearest' })
  }, [at])
  const choose = (command: Command | undefined) => {
    if (!command) return
    onClose()
    command.run()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 }
    const step = steps[event.key]
    if (step) setActive((at + step + commands.length) % Math.max(1, commands.length))
    else if (event.key === 'Enter') choose(commands[at])
    else return
    event.preventDefault()
  }
  return (
    <ModalOverlay className="scrim" isOpen onOpenChange={(open) => !open && onClose()} isDismissable>
      <Modal className="dialog palette">
        <Dialog aria-label="Search and commands">
          <div className="palette-bar">
            <SearchIcon />
            <input
              // The dialog exists only to type here.
              autoFocus
              className="palette-input"
              placeholder="Search resources, pages and commands"
              aria-label="Search resources, pages and commands"
              role="combobox"
              aria-expanded="true"
              aria-controls="palette-list"
              aria-activedescendant={commands[at] ? `command-${at}` : undefined}
              value={text}
              onChange={(event) => {
                setText(event.target.value)
                setActive(0)
              }}
              onKeyDown={onKeyDown}
            />
          </div>
          <div id="palette-list" role="listbox" aria-label="Results" className="palette-list">
            {commands.map((command, index) => (
              <div
                key={command.id}
                id={`command-${index}`}
                role="option"
                aria-selected={index === at}
                className="palette-item"
                onPointerMove={() => setActive(index)}
                onClick={() => choose(command)}
              >
                <span className="grow truncate">{command.label}</span>
                {command.hint ? <span className="dim small">{command.hint}</span> : null}
              </div>
            ))}
          </div>
          {commands.length === 0 ? <p className="palette-none dim">Nothing found for “{text}”.</p> : null}
        </Dialog>
      </Modal>
    </ModalOverlay>
  )
}

function useCommands(text: string, onHelp: () => void): Command[] {
  const navigate = useNavigate()
  const words = useDeferredValue(text)
  const isWords = words.length > 1 && !isCondition(words)
  const { data: found } = useQuery({ ...queries.resources({ q: words, limit: 6 }), enabled: isWords })
  const recheckReason = useReason('recheck')
  const recheck = async () => {
    try {
      await request('compliance/recheck', { method: 'POST' })
      toast('The evaluation has started. The numbers change when it is done.')
      void queryClient.invalidateQueries({ queryKey: ['jobs'] })
    } catch (error) {
      toastError(error)
    }
  }
  const fixed: Command[] = [
    ...PAGES.map((page) => ({ id: page.to, text: page.label, label: page.label, hint: page.key, run: () => void navigate({ to: page.to }) })),
    ...(recheckReason ? [] : [{ id: 'recheck', text: 'Evaluate compliance now recheck', label: 'Evaluate compliance now', run: () => void recheck() }]),
    { id: 'dark', text: 'Dark theme', label: 'Dark theme', run: () => setTheme('dark') },
    { id: 'light', text: 'Light theme', label: 'Light theme', run: () => setTheme('light') },
    { id: 'system', text: 'Theme of the system', label: 'Theme of the system', run: () => setTheme('system') },
    { id: 'help', text: 'Keyboard shortcuts', label: 'Keyboard shortcuts', hint: '?', run: onHelp },
  ]
  const low = text.toLowerCase()
  const matching = fixed.filter((command) => command.text.toLowerCase().includes(low))
  if (!text) return fixed
  const filter: Command = {
    id: 'filter',
    text,
    label: (
      <>
        Filter resources: <code>{text}</code>
      </>
    ),
    run: () => void navigate({ to: '/resources', search: { filter: text } }),
  }
  const resources = isWords
    ? (found?.items ?? []).map((row) => ({
        id: row.key,
        text: row.resource_name ?? row.resource_id,
        label: row.resource_name ?? row.resource_id,
        hint: [formatProvider(row.provider), row.resource_type].filter(Boolean).join(' · '),
        run: () => void navigate({ to: '/resources/$key', params: { key: row.key } }),
      }))
    : []
  return [...matching, ...resources, filter]
}
