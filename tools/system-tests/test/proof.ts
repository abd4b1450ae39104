import { upTo, valueOf } from '../src/calls'
import { query } from '../src/databases'
import type { System } from '../src/system'

interface OrderRow {
  id: string
  reference: string
  order_number: string | null
}

/** All orders, oldest first, as their database has them. */
export const readOrders = ({ databases }: Pick<System, 'databases'>) =>
  query<OrderRow>(databases.orders, 'SELECT id, reference, order_number FROM orders ORDER BY id')

/** Looks into both databases: every order has one number, every number is of one order, and they are 1 to n. */
export async function expectOneNumberForEachOrder(system: Pick<System, 'databases'>): Promise<void> {
  const orders = await readOrders(system)
  const ledger = await query<{ value: string; number: string; idempotency_key: string }>(
    system.databases.sequencer,
    `SELECT value, number, idempotency_key FROM ledger WHERE prefix = 'ORD' ORDER BY value, revision`,
  )
  // First, since it names the number that no order has.
  expect(Object.fromEntries(ledger.map((row) => [row.idempotency_key, row.number]))).toEqual(
    Object.fromEntries(orders.map((order) => [order.reference, order.order_number])),
  )
  expect(ledger.map(({ value }) => Number(value))).toEqual(upTo(orders.length))
  expect(ledger.map(({ number }) => valueOf(number))).toEqual(upTo(orders.length))
}
