import { setTimeout as delay } from 'node:timers/promises'
import { ask, createUser, orderOf, placeOrder, type System } from '@ordinal/system-tests'

export interface Traffic {
  stop(): Promise<void>
}

/** Uses all services again and again, well and badly, until it is stopped. An outage does not keep it from going on. */
export function startTraffic(system: System): Traffic {
  const stopping = new AbortController()
  const { users, orders, sequencer } = system

  async function round(): Promise<void> {
    const userId = await createUser(system)
    await placeOrder(system, userId)
    await ask(users, 'GET', '/api/v1/users/999999')
    await ask(users, 'POST', '/api/v1/users', { email: 'twice@example.com', name: 'Twice', age: 36 })
    await ask(orders, 'POST', '/api/v1/orders', { ...orderOf(userId), quantity: -1 })
    await ask(orders, 'POST', '/api/v1/orders', orderOf(999_999))
  }
  const numbers = () =>
    Promise.all([
      ask(sequencer, 'POST', '/api/v1/next/SG', {}),
      ask(sequencer, 'POST', '/api/v1/next/INV', { count: 3 }),
      ask(sequencer, 'POST', '/api/v1/next/NONE', {}),
    ])
  // Whoever has no user cannot order; these orders are refused while the user service is away.
  const orderOfAnyone = () => placeOrder(system, 1)

  async function repeat(use: () => Promise<unknown>): Promise<void> {
    while (!stopping.signal.aborted) {
      await use().catch(() => undefined)
      await delay(100)
    }
  }
  const running = Promise.all([round, numbers, orderOfAnyone].map(repeat))
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}
