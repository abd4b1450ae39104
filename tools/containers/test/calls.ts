import { setTimeout as delay } from 'node:timers/promises'
import { apiKey } from './docker'

export const urls = { users: 'http://localhost:8081', orders: 'http://localhost:8082' }
// The stack is started with the digest of this key in API_KEYS: its calls have no rate limit.
const headers = { 'Content-Type': 'application/json', 'X-API-Key': apiKey }

async function post(url: string, body: unknown, more: Record<string, string> = {}) {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { ...headers, ...more },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(20_000),
  })
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- any JSON
  return { status: answer.status, body: (await answer.json()) as any }
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- any JSON
export const get = async (url: string) => (await fetch(url, { headers })).json() as Promise<any>

export async function createUser(email: string): Promise<number> {
  const { status, body } = await post(`${urls.users}/api/v1/users`, { email, name: 'Ada', age: 36 })
  if (status !== 201) throw new Error(JSON.stringify(body))
  return body.id as number
}

export const placeOrder = (userId: number, key: string) =>
  post(
    `${urls.orders}/api/v1/orders`,
    { user_id: userId, product_id: 'PROD-123', quantity: 2, total_price: 99.99 },
    { 'Idempotency-Key': key },
  )

/**
 * Clients that place one order after the other, each again with the same key until it is acknowledged. An answer that
 * is none of 201, 409 and 503 fails the test.
 */
export function placeOrdersUntilStopped(userId: number, clientCount: number) {
  const acknowledged = new Map<string, number>()
  let disturbances = 0
  let stopping = false

  async function client(name: number) {
    for (let n = 1; !stopping; n += 1) {
      const key = `client-${name}-order-${n}`
      acknowledged.set(key, await placeUntilAcknowledged(key))
      await delay(20)
    }
  }

  async function placeUntilAcknowledged(key: string): Promise<number> {
    for (const deadline = Date.now() + 60_000; Date.now() < deadline; await delay(50)) {
      const answer = await placeOrder(userId, key).catch(() => undefined)
      if (answer?.status === 201) return answer.body.id as number
      disturbances += 1
      if (answer && ![409, 503].includes(answer.status)) throw new Error(JSON.stringify(answer.body))
    }
    throw new Error(`${key} is not acknowledged after a minute`)
  }

  const clients = Promise.all(Array.from({ length: clientCount }, (_, index) => client(index)))
  // Told by `stop`; until then a failure must not end the process.
  clients.catch(() => {})
  return {
    /** How often there was no answer, or no order. */
    disturbances: () => disturbances,
    /** Lets each client finish the order that it is at; gives the orders' ids by key. */
    async stop(): Promise<ReadonlyMap<string, number>> {
      stopping = true
      await clients
      return acknowledged
    },
  }
}
