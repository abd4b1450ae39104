import { setTimeout as delay } from 'node:timers/promises'
import { loadProtos } from '@ordinal/grpc'
import { createGrpcClient } from '@ordinal/testing'
import { ask, createUser, creationsOf, orderOf, placeOrder, type System } from '@ordinal/system-tests'

export interface Traffic {
  stop(): Promise<void>
}

/**
 * Uses all services again and again, well and badly, until it is stopped. An outage does not keep it from going on.
 *
 * @param grpcAddress of the sequencer
 */
export function startTraffic(system: System, grpcAddress: string): Traffic {
  const stopping = new AbortController()
  const { users, orders, sequencer, services } = system
  const others = services.filter((service) => ![users, orders, sequencer].includes(service))

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
  const hold = async (seconds: number) => {
    const held = await ask(sequencer, 'POST', '/api/v1/next/SG', { hold_seconds: seconds })
    return `/api/v1/numbers/${(held.body as { full_number: string }).full_number}`
  }
  async function steps(): Promise<void> {
    await hold(1)
    const [kept, given, voided] = [await hold(60), await hold(60), await hold(60)]
    await ask(sequencer, 'POST', `${kept}/confirm`)
    await ask(sequencer, 'POST', `${given}/release`, { reason: 'order cancelled' })
    await ask(sequencer, 'POST', `${voided}/confirm`)
    await ask(sequencer, 'POST', `${voided}/void`, { reason: 'misprinted' })
  }
  const protos = loadProtos(__dirname, 'sequencer.proto')
  const client = createGrpcClient(grpcAddress, protos, 'sequential.SequentialIDService')
  const calls = () =>
    Promise.all([
      client.call('GetNext', { prefix: 'SG' }),
      client.call('GetNextBatch', { prefix: 'INV', count: 3 }),
      client.call('GetStatus', { prefix: 'NONE' }),
    ])
  const elsewhere = () =>
    Promise.all(
      others.map(async (service) => {
        for (const { path, body } of await creationsOf(service)) {
          await ask(service, 'POST', path, body)
          await ask(service, 'POST', path, {})
          await ask(service, 'GET', path)
        }
      }),
    )
  // Whoever has no user cannot order; these orders are refused while the user service is away.
  const orderOfAnyone = () => placeOrder(system, 1)

  async function repeat(use: () => Promise<unknown>): Promise<void> {
    while (!stopping.signal.aborted) {
      await use().catch(() => undefined)
      await delay(100)
    }
  }
  const running = Promise.all([round, numbers, steps, calls, orderOfAnyone, elsewhere].map(repeat))
  return {
    async stop() {
      stopping.abort()
      await running
      client.close()
    },
  }
}
