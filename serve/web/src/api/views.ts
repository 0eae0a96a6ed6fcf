/** A view that was saved on the server. */
export interface SavedView {
  id: string
  name: string
  /** The query of an address. */
  query: string
  shared: boolean
  is_own: boolean
  owner_name: string
}
