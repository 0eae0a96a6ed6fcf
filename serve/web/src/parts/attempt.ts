import { refresh } from '../api/queries'
import { toast, toastError } from '../ui/toast'

/** Does something, shows how it ended, and reads again what it may have changed. */
export async function attempt(action: () => Promise<unknown>, done: string, ...changed: string[]): Promise<void> {
  try {
    await action()
    toast(done)
  } catch (error) {
    toastError(error)
  } finally {
    await refresh(...changed)
  }
}
