import { setTimeout as delay } from 'node:timers/promises'
import { ratio, type Suite } from '../instrument/suite'
import type { Stage } from '../stage'

const limitMs = 600_000

interface Transport {
  name: string
  title: string
  database: string
}

/**
 * How fast events go through the outbox: so many `order.created` wait at once, the consumer confirms each order, and
 * by Redis its `order.updated` goes the same way. The time is that until all orders are confirmed and all events delivered.
 */
export const events: Suite = {
  name: 'events',
  title: 'Events through the outbox, of orders that wait to be confirmed',
  counts: 'events',
  services: ['order-service'],
  programs: [{ program: 'redis-server', without: 'delivery by Redis Streams' }],

  async open(stage, { events, seconds }) {
    const transports: Transport[] = [
      { name: 'in_process', title: 'in the process', database: 'events_in_process' },
    ]
    await stage.startOnDatabase('order-service', 'ORDER_SERVICE', 'events_in_process')
    const redisPort = await stage.startRedisServer()
    if (redisPort !== undefined) {
      const REDIS_URL = `redis://127.0.0.1:${redisPort}`
      await stage.startOnDatabase('order-service', 'ORDER_SERVICE', 'events_redis', { REDIS_URL })
      transports.push({ name: 'redis', title: 'by Redis Streams', database: 'events_redis' })
    }
    return {
      competitors: transports.map(({ name, title, database }) => ({
        name,
        title,
        // So many, however long they take; a part of them warms up.
        turn: async (asked: number) => ({
          perSecond: await deliver(stage, database, asked < seconds ? Math.ceil(events / 5) : events),
        }),
      })),
      comparisons: [ratio('by Redis Streams, against in the process', 'redis', 'in_process')],
    }
  },
}

/** Leaves so many orders with their events, as if they had just been placed; gives the events a second. */
async function deliver(stage: Stage, database: string, orders: number): Promise<number> {
  return stage.asAdmin(database, async (admin) => {
    // One statement, so that all become visible at the same moment.
    await admin.query(
      `WITH placed AS (
         INSERT INTO orders (reference, order_number, user_id, product_id, quantity, total_price)
         SELECT reference, 'BENCH-' || reference, 1, 'PROD-1', 1, 9.99
         FROM (SELECT gen_random_uuid() AS reference FROM generate_series(1, $1)) made
         RETURNING reference)
       INSERT INTO outbox (subject, event)
       SELECT reference, json_build_object('specversion', '1.0', 'id', gen_random_uuid(),
         'source', 'urn:ordinal:bench', 'type', 'order.created', 'subject', reference, 'time', now(),
         'datacontenttype', 'application/json', 'data', json_build_object('reference', reference))
       FROM placed`,
      [orders],
    )
    const startedAt = performance.now()
    await admin.query(`SELECT pg_notify('outbox', '')`)
    while (!(await isDone())) {
      if (performance.now() - startedAt > limitMs)
        throw new Error(`the events in ${database} were not delivered`)
      await delay(20)
    }
    return (2 * orders) / ((performance.now() - startedAt) / 1000)

    async function isDone(): Promise<boolean> {
      const { rows } = await admin.query<{ done: boolean }>(
        `SELECT NOT EXISTS (SELECT 1 FROM orders WHERE status = 'pending')
           AND NOT EXISTS (SELECT 1 FROM outbox WHERE delivered_at IS NULL AND position > 0) AS done`,
      )
      return rows[0]!.done
    }
  })
}
