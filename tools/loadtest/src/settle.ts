import { setTimeout as delay } from 'node:timers/promises'
import { InvalidRequestError, type Ordinal } from '@ordinal/client'
import { orderOf, type Asking } from './operations'

const withinMs = 120_000
const atOnce = 10

/**
 * Finds out what nobody knows: what had no answer is asked for again, with its key, and orders that had no number yet are
 * read until they have one. What is not known after some minutes stays so.
 */
export async function settle(ordinal: Ordinal, { settings, answers, userId, run }: Asking): Promise<void> {
  const deadline = Date.now() + withinMs
  const attempt = async (work: () => Promise<void>, refused: () => void) => {
    try {
      if (Date.now() < deadline) await work()
    } catch (error) {
      if (error instanceof InvalidRequestError) refused()
    }
  }
  const orders = answers.orders.filter(({ placed }) => placed === 'unknown')
  const numbers = answers.numbers.filter(({ drawn }) => drawn === 'unknown')
  await each(orders, (order) =>
    attempt(
      async () => {
        const options = { idempotencyKey: order.key }
        const placed = await ordinal.orders.create(orderOf(userId), options)
        Object.assign(order, { id: placed.id, reference: placed.reference, number: placed.order_number })
        order.placed = 'yes'
      },
      () => (order.placed = 'no'),
    ),
  )
  await each(numbers, (number) =>
    attempt(
      async () => {
        const options = { idempotencyKey: number.key }
        const drawn = await ordinal.numbers.next(settings.sequence, { client_id: run }, options)
        Object.assign(number, { number: drawn.full_number, counter: drawn.counter })
        number.drawn = 'yes'
      },
      () => (number.drawn = 'no'),
    ),
  )
  const unnumbered = answers.orders.filter(
    ({ placed, number, deleted }) => placed === 'yes' && number === null && deleted !== 'yes',
  )
  await each(unnumbered, (order) =>
    attempt(
      async () => {
        for (;;) {
          const { order_number } = await ordinal.orders.get(order.id!)
          order.number = order_number
          if (order_number !== null || Date.now() > deadline) return
          await delay(100)
        }
      },
      () => {},
    ),
  )
}

/** Does something for each of many, some at a time. */
async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values()
  const worker = async () => {
    for (const item of left) await work(item)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}
