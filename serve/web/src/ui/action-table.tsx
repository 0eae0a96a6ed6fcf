import type { ReactNode } from 'react'
import { Table } from './table'

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
    <Table label={label} columns={[...columns, { title: actions, isHidden: true }]} isWide>
      {children}
    </Table>
  )
}
