import { setTimeout as delay } from 'node:timers/promises'
import { createOrdinal } from '@ordinal/client'

interface Acknowledged<T> {
  key: string
  answer: T
  atMs: number
}

export interface AnsweredOrder {
  id: number
  reference: string
  orderNumber: string | null
}

export type Callers = Awaited<ReturnType<typeof startCallers>>

/** Of one request, with all of its attempts: longer than any outage that a drill makes. */
const patienceMs = 120_000

/**
 * Callers as @ordinal/client makes them: each sends a request with its key until it is answered, and then the next.
 *
 * @param urls of the balancer
 * @param restMs how long a caller rests after each answer; without a rest they take all that the machine has
 */
export async function startCallers(urls: { users: string; orders: string; sequencer: string }, restMs = 0) {
  const ordinal = createOrdinal({
    ...urls,
    timeoutMs: patienceMs,
    attemptTimeoutMs: 6_000,
    retries: 10_000,
  })
  const user = await ordinal.users.create({
    email: `drill-${Date.now()}@example.com`,
    name: 'Drill',
    age: 30,
  })
  const numbers: Acknowledged<string>[] = []
  const orders: Acknowledged<AnsweredOrder>[] = []
  const failures: string[] = []
  let stopping = false

  async function caller(name: string, ask: (key: string) => Promise<void>): Promise<void> {
    for (let n = 1; !stopping; n += 1) {
      const key = `drill-${name}-${n}`
      // What has no answer at the end may have happened or not, and is reported.
      await ask(key).catch((error: unknown) => void failures.push(`${key}: ${String(error)}`))
      if (restMs > 0) await delay(restMs)
    }
  }
  const askForNumber = async (key: string) => {
    const { full_number: answer } = await ordinal.numbers.next('SG', {}, { idempotencyKey: key })
    numbers.push({ key, answer, atMs: performance.now() })
  }
  const placeOrder = async (key: string) => {
    const order = await ordinal.orders.create(
      { user_id: user.id, product_id: 'PROD-1', quantity: 1, total_price: 1 },
      { idempotencyKey: key },
    )
    const answer = { id: order.id, reference: order.reference, orderNumber: order.order_number }
    orders.push({ key, answer, atMs: performance.now() })
  }
  const all = Promise.all([
    ...Array.from({ length: 8 }, (_, n) => caller(`number-${n}`, askForNumber)),
    ...Array.from({ length: 4 }, (_, n) => caller(`order-${n}`, placeOrder)),
  ])

  return {
    numbers,
    orders,
    failures,
    /** The longest time since a moment in which no number was acknowledged, in ms. */
    longestPauseMs(sinceMs: number): number {
      const times = numbers.map(({ atMs }) => atMs).filter((atMs) => atMs >= sinceMs)
      return Math.max(...times.map((atMs, index) => atMs - (times[index - 1] ?? sinceMs)))
    },
    /** Lets each caller finish the request that it is at. */
    async stop(): Promise<void> {
      stopping = true
      await all
    },
  }
}
