import type { LedgerEntry, Order, Ordinal } from '@ordinal/client'

const pageSize = 100

/** What the services hold of a run. */
export interface Held {
  orders: readonly Pick<Order, 'id' | 'reference' | 'order_number' | 'status'>[]
  /** The numbers that the ledger has issued for them. */
  orderNumbers: readonly Issued[]
  /** The numbers that were drawn without an order. */
  numbers: readonly Issued[]
}

export type Issued = Pick<LedgerEntry, 'number' | 'value' | 'idempotency_key'>

/**
 * Reads what the services hold of a run: the orders of its user, and the ledger's rows of both.
 *
 * @param userId 0 if the run placed no orders
 */
export async function readHeld(ordinal: Ordinal, userId: number, run: string): Promise<Held> {
  const issued = async (filter: { client_id: string; generated_by?: string }) =>
    all(ordinal.audit.list({ ...filter, event: 'issue', page_size: pageSize }))
  const ofOrders = { client_id: 'order-service', generated_by: `user-${userId}` }
  return {
    orders: userId === 0 ? [] : await all(ordinal.orders.list({ user_id: userId, page_size: pageSize })),
    orderNumbers: userId === 0 ? [] : await issued(ofOrders),
    numbers: await issued({ client_id: run }),
  }
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const read: T[] = []
  for await (const item of items) read.push(item)
  return read
}
