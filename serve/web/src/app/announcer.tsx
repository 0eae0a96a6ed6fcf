import { useMatches, useRouterState } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'

/** Sets the title of the document, announces a new page to screen readers, and moves the focus to its start. */
export function Announcer() {
  const title = useMatches({ select: (matches) => matches.findLast((match) => match.staticData.title)?.staticData.title ?? 'tagpol' })
  const path = useRouterState({ select: (state) => state.resolvedLocation?.pathname })
  const before = useRef(path)
  const [text, setText] = useState('')
  useEffect(() => {
    document.title = `${title} · tagpol`
    if (before.current === path) return
    before.current = path
    setText(title)
    document.getElementById('main')?.focus({ preventScroll: true })
  }, [path, title])
  return (
    <div className="hidden-visually" role="status">
      {text}
    </div>
  )
}
