import type { ReactNode } from 'react'

export type Column = {
  title: string
  /** Its cells have the class `right`, as numbers do. */
  isRight?: boolean
  /** The title is for those who do not see the table. */
  isHidden?: boolean
}

type Props = {
  /** The name of the table for those who do not see it. */
  label: string
  columns: (string | Column)[]
  /** Whether it keeps its width on a phone, and scrolls. */
  isWide?: boolean
  /** The rows. */
  children: ReactNode
}

/** A column of numbers. */
export const right = (title: string): Column => ({ title, isRight: true })

const columnOf = (column: string | Column): Column => (typeof column === 'string' ? { title: column } : column)

/** A table that scrolls sideways where it is wider than the page. */
export function Table({ label, columns, isWide = false, children }: Props) {
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label={label}>
      <table className={isWide ? 'table table-wide' : 'table'}>
        <thead>
          <tr>
            {columns.map(columnOf).map(({ title, isRight, isHidden }) => (
              <th key={title} scope="col" className={isRight ? 'right' : undefined}>
                {isHidden ? <span className="hidden-visually">{title}</span> : title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  )
}
