import { setTimeout as delay } from 'node:timers/promises'
import { placeOrder, upTo } from '../src/calls'
import type { System } from '../src/system'

/** What a client was told of an order. */
interface Acknowledged {
  id: number
  reference: string
}

/** Longer than a lease of the order service, and than any outage that we make: a crash recovery may take minutes. */
const patienceMs = 300_000

/**
 * Clients that place one order after the other. Each sends an order again, with the same Idempotency-Key, until it
 * is acknowledged; an answer that is none of 201, 409 and 503 fails the test, and so does an order that is not
 * acknowledged in all that time.
 */
export function placeOrdersUntilStopped(system: System, userId: number, count: number) {
  const acknowledged = new Map<string, Acknowledged>()
  let disturbances = 0
  let stopping = false

  async function client(name: number): Promise<void> {
    for (let n = 1; !stopping; n += 1) {
      const key = `client-${name}-order-${n}`
      acknowledged.set(key, await placeUntilAcknowledged(key))
    }
  }

  async function placeUntilAcknowledged(key: string): Promise<Acknowledged> {
    for (const startedAt = Date.now(); Date.now() - startedAt < patienceMs; await delay(20)) {
      const answer = await placeOrder(system, userId, { 'Idempotency-Key': key }).catch(() => undefined)
      if (answer?.status !== 201 || answer.body.order_number === null) disturbances += 1
      if (answer?.status === 201) return { id: answer.body.id, reference: answer.body.reference }
      if (answer && ![409, 503].includes(answer.status)) throw new Error(JSON.stringify(answer.body))
    }
    throw new Error(`${key} is not acknowledged after ${patienceMs} ms`)
  }

  const clients = Promise.all(upTo(count).map(client))
  // Told by `stop`; until then a failure must not end the process.
  clients.catch(() => {})
  return {
    /** How often there was no answer, no order, or an order without its number. */
    disturbances: () => disturbances,
    acknowledged: () => acknowledged,
    /** Lets each client finish the order that it is at. */
    async stop(): Promise<ReadonlyMap<string, Acknowledged>> {
      stopping = true
      await clients
      return acknowledged
    },
  }
}
