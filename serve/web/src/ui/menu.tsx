import type { ReactNode } from 'react'
import { Button as AriaButton, Header, Menu as AriaMenu, MenuItem, MenuSection, MenuTrigger, Popover } from 'react-aria-components'
import { buttonClass, type Variant } from './button'
import { CheckIcon } from './icons'

interface MenuEntry {
  id: string
  label: ReactNode
  text: string
  onAction: () => void
  isSelected?: boolean
}

/** A button that opens a list of actions. */
export function Menu({
  label,
  children,
  entries,
  head,
  variant = 'plain',
  icon = false,
  small = false,
}: {
  label: string
  children: ReactNode
  entries: MenuEntry[]
  head?: string
  variant?: Variant
  icon?: boolean
  small?: boolean
}) {
  return (
    <MenuTrigger>
      <AriaButton className={buttonClass(variant, small, icon)} {...(icon ? { 'aria-label': label } : {})}>
        {children}
      </AriaButton>
      <Popover className="popover" placement="bottom end">
        <AriaMenu className="menu" aria-label={label} onAction={(id) => entries.find((entry) => entry.id === id)?.onAction()}>
          <MenuSection aria-label={head ?? label}>
            {head ? <Header className="menu-head">{head}</Header> : null}
            {entries.map((entry) => (
              <MenuItem key={entry.id} id={entry.id} className="menu-item" textValue={entry.text}>
                <span className="grow">{entry.label}</span>
                {entry.isSelected ? <CheckIcon size={14} /> : null}
              </MenuItem>
            ))}
          </MenuSection>
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  )
}
