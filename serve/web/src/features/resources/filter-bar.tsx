import { type KeyboardEvent, type Ref, useEffect, useId, useState } from 'react'
import { Problem } from '../../api/client'
import { complete, isCondition, type Tags } from '../../lib/condition'
import { Code } from '../../ui/badge'
import { Button } from '../../ui/button'
import { CloseIcon, SearchIcon } from '../../ui/icons'
import { sentence } from '../../ui/states'

interface FilterBarProps {
  value: string
  tags: Tags
  /** Why the server refused the filter. */
  error: unknown
  onChange: (filter: string) => void
  inputRef: Ref<HTMLInputElement>
}

/** Takes words, or a condition of the language with completion. */
export function FilterBar({ value, tags, error, onChange, inputRef }: FilterBarProps) {
  const id = useId()
  const [text, setText] = useState(value)
  const [active, setActive] = useState(-1)
  const [isOpen, setOpen] = useState(false)
  useEffect(() => setText(value), [value])
  const isLanguage = isCondition(text)
  const completions = complete(text, tags)
  const isTyped = text.trim() !== ''
  const items = isOpen && isTyped ? completions.items : []
  const problem = error instanceof Problem && error.status === 400 ? error : undefined

  const commit = (next: string) => {
    setOpen(false)
    setActive(-1)
    if (next.trim() !== value.trim()) onChange(next.trim())
  }
  const insert = (item: string) => {
    const space = /[[/]$/.test(item) ? '' : ' '
    setText(text.slice(0, completions.from) + item + space)
    setActive(-1)
    setOpen(true)
  }
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    const chosen = items[active]
    if (event.key === 'ArrowDown' && items.length > 0) setActive((active + 1) % items.length)
    else if (event.key === 'ArrowUp' && items.length > 0) setActive((active - 1 + items.length) % items.length)
    else if (event.key === 'Tab' && !event.shiftKey && items.length > 0 && (chosen || isLanguage)) insert((chosen ?? items[0])?.text ?? '')
    else if (event.key === 'Enter') chosen ? insert(chosen.text) : commit(text)
    else if (event.key === 'Escape') {
      if (items.length > 0) setOpen(false)
      else event.currentTarget.blur()
    } else return
    event.preventDefault()
  }
  return (
    <div className="filter">
      <div className={`filter-box${problem ? ' filter-wrong' : ''}`}>
        <SearchIcon />
        {isLanguage ? <span className="filter-mode">where</span> : null}
        <input
          ref={inputRef}
          className={`filter-input${isLanguage ? ' mono' : ''}`}
          value={text}
          placeholder="Words, or a condition: owner is missing and resource.monthly-cost > 500 USD"
          aria-label="Filter resources"
          role="combobox"
          aria-expanded={items.length > 0}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={items[active] ? `${id}-${active}` : undefined}
          aria-invalid={problem ? true : undefined}
          aria-describedby={problem ? `${id}-error` : undefined}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          enterKeyHint="search"
          onChange={(event) => {
            setText(event.target.value)
            setActive(-1)
            setOpen(true)
          }}
          onBlur={() => commit(text)}
          onKeyDown={onKeyDown}
        />
        {isTyped ? (
          <Button
            small
            icon
            variant="quiet"
            aria-label="Clear the filter"
            onClick={() => {
              setText('')
              onChange('')
            }}
          >
            <CloseIcon size={14} />
          </Button>
        ) : (
          <kbd>/</kbd>
        )}
      </div>
      <ul id={`${id}-list`} role="listbox" aria-label="Completions" className="completions" hidden={items.length === 0}>
        {items.map((item, at) => (
          <li
            key={item.text}
            id={`${id}-${at}`}
            role="option"
            aria-selected={at === active}
            className="completion"
            // Before the field loses the focus.
            onPointerDown={(event) => {
              event.preventDefault()
              insert(item.text)
            }}
          >
            <code className="grow">{item.text}</code>
            <span className="dim small">{item.detail}</span>
          </li>
        ))}
      </ul>
      {problem ? (
        <p id={`${id}-error`} className="field-error filter-error" role="alert">
          <Code text={sentence(problem.body.detail)} />{' '}
          {problem.body.did_you_mean ? (
            <>
              Did you mean <code>{problem.body.did_you_mean}</code>?
            </>
          ) : null}
          {problem.body.help ? <Code text={sentence(problem.body.help)} /> : null}
        </p>
      ) : null}
    </div>
  )
}
