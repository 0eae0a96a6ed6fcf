import { useEffect } from 'react'

/** Whether a key belongs to what is being typed or to an open dialog. */
function isTaken(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement | null
  if (!target) return false
  if (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.isContentEditable) return true
  return document.querySelector('[role="dialog"], [role="menu"]') !== null
}

/**
 * Runs actions for keys: `/`, `?`, or two keys in a row such as `g r`. Modified keys are written `mod+k` and work
 * while something is typed.
 */
export function useShortcuts(shortcuts: Record<string, () => void>): void {
  useEffect(() => {
    let before = ''
    let at = 0
    const onKey = (event: KeyboardEvent) => {
      const mod = event.metaKey || event.ctrlKey
      if (mod) {
        const run = shortcuts[`mod+${event.key.toLowerCase()}`]
        if (run) {
          event.preventDefault()
          run()
        }
        return
      }
      if (event.altKey || isTaken(event)) return
      const pair = event.timeStamp - at < 1_200 ? `${before} ${event.key}` : event.key
      const run = shortcuts[pair] ?? shortcuts[event.key]
      before = event.key
      at = event.timeStamp
      if (!run || event.defaultPrevented) return
      event.preventDefault()
      run()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [shortcuts])
}
