/** Views by name, kept in this browser. A view is the search of an address, so that it can also be passed on as a link. */

export interface SavedView {
  name: string
  search: string
}

const KEY = 'tagpol.views'

export function readViews(storage: Pick<Storage, 'getItem'>): SavedView[] {
  try {
    const read: unknown = JSON.parse(storage.getItem(KEY) ?? '[]')
    if (!Array.isArray(read)) return []
    return read.filter((one): one is SavedView => typeof one?.name === 'string' && typeof one?.search === 'string')
  } catch {
    return []
  }
}

/** Saves a view in place of one of the same name. Whether it could be stored. */
export function saveView(storage: Pick<Storage, 'getItem' | 'setItem'>, view: SavedView): boolean {
  const others = readViews(storage).filter((one) => one.name !== view.name)
  return write(storage, [...others, view])
}

export function removeView(storage: Pick<Storage, 'getItem' | 'setItem'>, name: string): boolean {
  return write(storage, readViews(storage).filter((one) => one.name !== name))
}

function write(storage: Pick<Storage, 'setItem'>, views: SavedView[]): boolean {
  try {
    storage.setItem(KEY, JSON.stringify(views))
    return true
  } catch {
    return false
  }
}
