import { useQuery } from '@tanstack/react-query'
import { queries } from '../api/queries'
import type { Me, Permission, Role } from '../api/types'

export function useMe(): Me | undefined {
  return useQuery(queries.me()).data
}

const ROLES: Record<Role, string> = { viewer: 'Viewer', editor: 'Editor', admin: 'Admin', super_admin: 'Super admin' }

export function roleLabel(role: Role): string {
  return ROLES[role] ?? role
}

const LEAST: Partial<Record<Permission, Role>> = {
  decide_tags: 'editor',
  decide_suggestions: 'editor',
  bulk: 'editor',
  recheck: 'editor',
  edit_policies: 'admin',
  manage_snapshots: 'admin',
  manage_schedules: 'admin',
  manage_models: 'admin',
  manage_alerts: 'admin',
  read_audit: 'admin',
  manage_users: 'super_admin',
  manage_channels: 'super_admin',
  manage_tenants: 'super_admin',
  manage_settings: 'super_admin',
}

/** Why the person may not do something; undefined if it is allowed. The server decides again in any case. */
export function useReason(permission: Permission): string | undefined {
  const me = useMe()
  if (!me || me.permissions.includes(permission)) return undefined
  const least = LEAST[permission]
  return `Your role (${roleLabel(me.role)}) does not include this.${least ? ` It needs ${roleLabel(least)} or a higher role.` : ''}`
}
