import type { ReactNode } from 'react'

type Props = {
  /** The name of the table for those who do not see it. */
  label: string
  columns: string[]
  /** What the buttons of the last column do. It has no visible title. */
  actions: string
  /** The rows. */
  children: ReactNode
}

/** A table whose last column has buttons. */
export function ActionTable({ label, columns, actions, children }: Props) {
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label={label}>
      <table className="table table-wide">
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
            <th scope="col">
              <span className="hidden-visually">{actions}</span>
            </th>
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  )
}
