import { useMe } from '../app/session'

/**
 * Returns the name of an actor: `user:ID`, `token:ID`, `system`, or a name that the command line gave. `name` is what the
 * server calls it, if it knows.
 */
export function useActorName(): (actor: string, name: string | null) => string {
  const me = useMe()
  return (actor, name) => {
    if (me && actor === `user:${me.id}`) return 'You'
    if (actor === 'system') return 'The server'
    return name ?? actor
  }
}
