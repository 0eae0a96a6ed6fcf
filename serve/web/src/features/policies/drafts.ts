/** Texts of policy files that are not saved, kept in this tab so that neither a reload nor a lost connection costs them. */

export interface Draft {
  text: string
  /** What was saved when the person began. Null: it is a new file. */
  base: string | null
}

export type Drafts = Readonly<Record<string, Draft>>

const KEY = 'tagpol.drafts'

export function readDrafts(storage: Pick<Storage, 'getItem'>): Drafts {
  try {
    const read: unknown = JSON.parse(storage.getItem(KEY) ?? '{}')
    if (typeof read !== 'object' || read === null || Array.isArray(read)) return {}
    return Object.fromEntries(Object.entries(read).filter((entry): entry is [string, Draft] => isDraft(entry[1])))
  } catch {
    return {}
  }
}

function isDraft(value: unknown): value is Draft {
  if (typeof value !== 'object' || value === null) return false
  const { text, base } = value as Partial<Draft>
  return typeof text === 'string' && (base === null || typeof base === 'string')
}

export function keepDrafts(storage: Pick<Storage, 'setItem' | 'removeItem'>, drafts: Drafts): void {
  try {
    if (Object.keys(drafts).length === 0) storage.removeItem(KEY)
    else storage.setItem(KEY, JSON.stringify(drafts))
  } catch {
    // Storage can be disabled or full; the texts are in the page.
  }
}

/** Drafts with the text of a file: one that is as saved is none. */
export function withDraft(drafts: Drafts, path: string, text: string, saved: string | undefined): Drafts {
  const { [path]: before, ...others } = drafts
  return text === saved ? others : { ...others, [path]: { text, base: before ? before.base : (saved ?? null) } }
}

/** Files that somebody else has saved since their draft was begun, with another text than the draft has. */
export function conflicts(drafts: Drafts, saved: ReadonlyMap<string, string>): string[] {
  return Object.entries(drafts).flatMap(([path, { text, base }]) => {
    const now = saved.get(path) ?? null
    return now === base || now === text ? [] : [path]
  })
}
