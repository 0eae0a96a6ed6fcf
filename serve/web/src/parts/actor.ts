import { useQuery } from '@tanstack/react-query'
import { queries } from '../api/queries'
import { useMe } from '../app/session'

/** Returns the name of an actor: `user:ID`, `token:ID`, `system`, or a name that the command line gave. */
export function useActorName(): (actor: string) => string {
  const me = useMe()
  const mayRead = me?.permissions.includes('manage_users') ?? false
  const { data } = useQuery({ ...queries.users(), enabled: mayRead })
  return (actor) => {
    if (me && actor === `user:${me.id}`) return 'You'
    if (actor === 'system') return 'The server'
    const user = data?.items.find((one) => actor === `user:${one.id}`)
    if (user) return user.name
    return actor.replace(/^user:/, 'Person ').replace(/^token:/, 'Token ')
  }
}
