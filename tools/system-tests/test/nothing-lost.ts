import { createUser, eventually } from '../src/calls'
import { query } from '../src/databases'
import type { System } from '../src/system'
import { placeOrdersUntilStopped } from './patient-clients'
import { expectOneNumberForEachOrder, readOrders } from './proof'

/** Kills as often as told while clients place orders, and looks into both databases afterwards. */
export async function expectNothingLost(
  system: System,
  count: number,
  kill: () => Promise<void>,
): Promise<void> {
  const clients = placeOrdersUntilStopped(system, await createUser(system), 8)
  try {
    for (let done = 0; done < count; done += 1) {
      const before = clients.disturbances()
      await kill()
      // A kill that nobody noticed proves nothing; much later they may notice something else.
      await eventually(clients.disturbances, (now) => now > before, 10_000)
      const taken = clients.acknowledged().size
      await eventually(
        () => clients.acknowledged().size,
        (now) => now > taken,
      )
    }
  } finally {
    await clients.stop()
  }
  expect(clients.acknowledged().size).toBeGreaterThan(count * 5)
  await eventually(
    () => readOrders(system),
    (orders) => orders.every(({ order_number }) => order_number !== null),
  )
  await expectOneNumberForEachOrder(system)
  await expectOneOrderForEachKey(system, clients.acknowledged())
}

/** Each key has the order that was acknowledged for it, and there is no other order. */
async function expectOneOrderForEachKey(
  system: System,
  acknowledged: ReadonlyMap<string, { id: number; reference: string }>,
) {
  const rows = await query<{ key: string; id: string; reference: string }>(
    system.databases.orders,
    'SELECT key, orders.id, reference FROM orders LEFT JOIN idempotency_records ON resource_id = orders.id',
  )
  const found = rows.map(({ key, id, reference }) => [key, { id: Number(id), reference }])
  expect(rows).toHaveLength(acknowledged.size)
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(acknowledged))
}
