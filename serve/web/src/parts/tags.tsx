import { useQuery } from '@tanstack/react-query'
import { type FormEvent, type KeyboardEvent, useId, useRef, useState } from 'react'
import { Problem } from '../api/client'
import { queries, refreshAfterDecision } from '../api/queries'
import type { ResourceDetail, VirtualTag } from '../api/types'
import { useReason } from '../app/session'
import { valuesOfTag } from '../lib/condition'
import { formatConfidence, formatDay } from '../lib/format'
import { SourceDot, sourceLabel } from '../ui/badge'
import { Button } from '../ui/button'
import { PencilIcon } from '../ui/icons'
import { Menu } from '../ui/menu'
import { plainOptions, Select } from '../ui/select'
import { sentence } from '../ui/states'
import { useActorName } from './actor'
import { confirmTag, readTag, removeDecision, setTag } from './decide'
import './tags.css'

/** The virtual tags of a resource, each with its source, edited in place. */
export function Tags({ resource }: { resource: ResourceDetail }) {
  return (
    <ul className="tags">
      {resource.virtual_tags.map((tag) => (
        <TagRow key={tag.key} resource={resource} tag={tag} />
      ))}
    </ul>
  )
}

function TagRow({ resource, tag }: { resource: ResourceDetail; tag: VirtualTag }) {
  const [isEditing, setEditing] = useState(false)
  const edit = useRef<HTMLButtonElement>(null)
  const close = () => {
    setEditing(false)
    // The button comes back first.
    setTimeout(() => edit.current?.focus())
  }
  if (isEditing) {
    return (
      <li className="tag-row tag-row-open">
        <TagForm tag={tag} onClose={close} />
      </li>
    )
  }
  return (
    <li className="tag-row">
      <span className="tag-key">{tag.key}</span>
      <span className="tag-value">
        {tag.value === null ? <span className="missing">missing</span> : <strong className="wrap-anywhere">{tag.value}</strong>}
        <Provenance tag={tag} />
      </span>
      <TagActions resource={resource} tag={tag} editRef={edit} onEdit={() => setEditing(true)} />
    </li>
  )
}

function Provenance({ tag }: { tag: VirtualTag }) {
  const nameOf = useActorName()
  if (!tag.source) return null
  const parts = [
    tag.source === 'rule_based' && tag.rule ? `Rule ${tag.rule}` : sourceLabel(tag.source),
    tag.source === 'inferred' && tag.confidence !== null ? formatConfidence(tag.confidence) : undefined,
    tag.decided_by ? `${nameOf(tag.decided_by, tag.decided_by_name)}, ${formatDay(tag.updated_at)}` : undefined,
  ]
  return (
    <span className="tag-source">
      <SourceDot source={tag.source} />
      {parts.filter(Boolean).join(' · ')}
    </span>
  )
}

function TagActions({ resource, tag, editRef, onEdit }: { resource: ResourceDetail; tag: VirtualTag; editRef: React.Ref<HTMLButtonElement>; onEdit: () => void }) {
  const reason = useReason('decide_tags')
  const isDecided = tag.decided_by !== null
  const canConfirm = !isDecided && tag.value !== null
  return (
    <span className="tag-actions">
      {!reason && (isDecided || canConfirm) ? (
        <Menu
          label={`Actions for ${tag.key}`}
          variant="quiet"
          small
          icon
          entries={[
            ...(canConfirm ? [{ id: 'confirm', label: 'Confirm this value', text: 'Confirm', onAction: () => void confirmTag(resource.key, tag) }] : []),
            ...(isDecided ? [{ id: 'remove', label: 'Remove the decision', text: 'Remove', onAction: () => void removeDecision(tag) }] : []),
          ]}
        >
          <span aria-hidden="true">···</span>
        </Menu>
      ) : null}
      <Button ref={editRef} variant="quiet" small icon reason={reason} aria-label={`Edit ${tag.key}`} onClick={onEdit}>
        <PencilIcon size={15} />
      </Button>
    </span>
  )
}

function TagForm({ tag, onClose }: { tag: VirtualTag; onClose: () => void }) {
  const id = useId()
  const { data: schema } = useQuery(queries.schema())
  const values = valuesOfTag(tag.key, schema?.items)
  // A page that follows the server gets a newer tag while somebody types; the form replaces only what it began with.
  const [began] = useState(tag)
  const [value, setValue] = useState(tag.value ?? '')
  const [note, setNote] = useState('')
  const [problem, setProblem] = useState<Problem>()
  const [refusedBy, setRefusedBy] = useState<VirtualTag>()
  const [isBusy, setBusy] = useState(false)
  const nameOf = useActorName()
  // What somebody else decided meanwhile.
  const theirs = refusedBy ?? (!isBusy && tag.decided_by !== null && tag.version !== began.version ? tag : undefined)
  const save = async (over: VirtualTag) => {
    setBusy(true)
    setProblem(undefined)
    try {
      await setTag(over, value.trim(), note)
      onClose()
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      const isConflict = error.status === 412 || error.status === 428
      setRefusedBy(isConflict ? await readTag(tag).catch(() => undefined) : undefined)
      setProblem(error)
    } finally {
      setBusy(false)
    }
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void save(began)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return
    event.stopPropagation()
    onClose()
  }
  const isConflict = theirs !== undefined
  const meant = problem?.body.did_you_mean
  return (
    <form className="tag-form" onSubmit={submit} onKeyDown={onKeyDown}>
      <div className="field">
        <label htmlFor={`${id}-value`}>{tag.key}</label>
        {values ? (
          <Select id={`${id}-value`} label={tag.key} className="" value={value} autoFocus options={[...(value === '' ? [['', 'Choose a value'] as const] : []), ...plainOptions(values)]} onChange={setValue} />
        ) : (
          <input
            id={`${id}-value`}
            className="input"
            value={value}
            autoFocus
            autoComplete="off"
            spellCheck={false}
            aria-invalid={problem && !isConflict ? true : undefined}
            aria-describedby={`${id}-help`}
            onChange={(event) => setValue(event.target.value)}
          />
        )}
        <div id={`${id}-help`} role="alert">
          {problem && !isConflict ? (
            <p className="field-error">
              {sentence(problem.body.detail)}{' '}
              {meant ? (
                <Button small variant="quiet" onClick={() => setValue(meant)}>
                  Use {meant}
                </Button>
              ) : null}
            </p>
          ) : null}
          {isConflict ? (
            <div className="notice notice-fair">
              <div className="stack">
                <p>
                  Meanwhile {theirs.decided_by ? nameOf(theirs.decided_by, theirs.decided_by_name) : 'somebody'} set it to {theirs.value === null ? 'no value' : <strong>{theirs.value}</strong>}. Your value is not saved yet.
                </p>
                <div className="row">
                  <Button
                    small
                    onClick={() => {
                      onClose()
                      void refreshAfterDecision()
                    }}
                  >
                    Keep the other value
                  </Button>
                  <Button small onClick={() => void save(theirs)}>
                    Replace it with mine
                  </Button>
                </div>
              </div>
            </div>
          ) : null}
        </div>
      </div>
      <div className="field">
        <label htmlFor={`${id}-note`}>Reason (optional)</label>
        <input id={`${id}-note`} className="input" value={note} autoComplete="off" onChange={(event) => setNote(event.target.value)} />
      </div>
      <div className="row">
        <Button type="submit" variant="primary" small busy={isBusy} reason={value.trim() === '' && 'Enter a value first'}>
          Save
        </Button>
        <Button small variant="quiet" onClick={onClose}>
          Cancel
        </Button>
      </div>
    </form>
  )
}
