/** Texts of policy files that are not saved, kept in this tab so that neither a reload nor a lost connection costs them. */

export type Drafts = Readonly<Record<string, string>>

const KEY = 'tagpol.drafts'

export function readDrafts(storage: Pick<Storage, 'getItem'>): Drafts {
  try {
    const read: unknown = JSON.parse(storage.getItem(KEY) ?? '{}')
    if (typeof read !== 'object' || read === null || Array.isArray(read)) return {}
    return Object.fromEntries(Object.entries(read).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
  } catch {
    return {}
  }
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
  const { [path]: _, ...others } = drafts
  return text === saved ? others : { ...others, [path]: text }
}
