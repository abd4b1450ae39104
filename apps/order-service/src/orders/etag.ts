import { createHash } from 'node:crypto'
import { etagOf } from '@ordinal/http'
import type { User } from '../clients/users'
import type { OrderJson } from '../domain/order'

/**
 * The ETag of an order in an answer: its version, and what else the answer depends on. A number, or its user, may come or
 * change without the order being edited; If-Match looks at the version alone.
 *
 * @param order with its user, or null in place of one, if the answer has them
 */
export function etagOfOrder(order: OrderJson & { user?: User | null }): string {
  const parts = [
    ...(order.order_number === null ? ['unnumbered'] : []),
    ...(order.user === undefined ? [] : [partOf(order.user)]),
  ]
  return etagOf(order.version, ...parts)
}

function partOf(user: User | null): string {
  if (!user) return 'no-user'
  // An earlier release of the user service counts no versions.
  return `user-${Number.isSafeInteger(user.version) ? String(user.version) : digestOf(user)}`
}

const digestOf = (user: User) => createHash('sha256').update(JSON.stringify(user)).digest('hex').slice(0, 16)
