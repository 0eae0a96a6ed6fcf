import type { ReactNode } from 'react'
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components'
import { Button } from './button'
import { CloseIcon } from './icons'

interface DialogProps {
  title: string
  isOpen: boolean
  onClose: () => void
  /** Whether a click outside closes it: not while something is typed that would be lost. */
  dismissable?: boolean
  children: ReactNode
}

export function Dialog({ title, isOpen, onClose, dismissable = true, children }: DialogProps) {
  return (
    <ModalOverlay className="scrim" isOpen={isOpen} onOpenChange={(open) => !open && onClose()} isDismissable={dismissable}>
      <Modal className="dialog">
        <AriaDialog className="dialog-body">
          <Heading slot="title" level={2}>
            {title}
          </Heading>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  )
}

/** A dialog at the side, for work that needs room. */
export function Drawer({ title, isOpen, onClose, dismissable = true, foot, children }: DialogProps & { foot?: ReactNode }) {
  return (
    <ModalOverlay className="scrim scrim-side" isOpen={isOpen} onOpenChange={(open) => !open && onClose()} isDismissable={dismissable}>
      <Modal className="drawer">
        <AriaDialog>
          <div className="drawer-head">
            <Heading slot="title" level={2}>
              {title}
            </Heading>
            <Button variant="quiet" icon aria-label="Close" onClick={onClose}>
              <CloseIcon />
            </Button>
          </div>
          <div className="drawer-body">{children}</div>
          {foot ? <div className="drawer-foot">{foot}</div> : null}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  )
}
