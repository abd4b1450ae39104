import type { RequestContext } from '@ordinal/middleware'
import type { Authority } from '../domain/holding'

/** What lets a caller change numbers that it did not draw. An API key counts as a machine, unless its role is admin. */
export function authorityOf({ role, machine }: Pick<RequestContext, 'role' | 'machine'>): Authority {
  if (role === 'admin' || (role === 'operator' && !machine)) return 'person'
  return machine ? 'machine' : 'none'
}
