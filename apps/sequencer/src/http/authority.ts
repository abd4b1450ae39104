import type { RequestContext } from '@ordinal/middleware'
import type { Authority } from '../core/holding'

/** By what a caller may change numbers that it did not draw. A key is one machine's, whatever else its role may. */
export function authorityOf({ role, machine }: Pick<RequestContext, 'role' | 'machine'>): Authority {
  if (role === 'admin' || (role === 'operator' && !machine)) return 'person'
  return machine ? 'machine' : 'none'
}
