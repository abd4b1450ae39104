import { setTimeout as delay } from 'node:timers/promises'
import { row } from './report'
import type { Stage } from './stage'
import type { Thoroughness } from './thoroughness'

const limitMs = 600_000

interface Transport {
  name: string
  title: string
  database: string
}

export interface EventsReport {
  transports: { name: string; title: string; perSecond: number[] }[]
  /** Why a transport is missing. */
  notMeasured: string[]
}

/**
 * How fast events go through the outbox: so many `order.created` wait at once, the consumer confirms each order, and
 * by Redis its `order.updated` goes the same way. The time is that until all orders are confirmed and all events delivered.
 *
 * @throws Error if they are not within ten minutes
 */
export async function measureEvents(
  stage: Stage,
  { events, rounds }: Thoroughness,
  tell: (line: string) => void,
): Promise<EventsReport> {
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

  const report = transports.map(({ name, title }) => ({ name, title, perSecond: [] as number[] }))
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, { title, database }] of transports.entries()) {
      tell(round === 0 ? `Warming up: events ${title}` : `Round ${round} of ${rounds}: events ${title}`)
      const perSecond = await deliver(stage, database, round === 0 ? Math.ceil(events / 5) : events)
      if (round > 0) report[index]!.perSecond.push(perSecond)
    }
  }
  return {
    transports: report,
    notMeasured: redisPort === undefined ? ['by Redis Streams: redis-server is not installed'] : [],
  }
}

export function printEvents({ transports, notMeasured }: EventsReport, { events }: Thoroughness): void {
  console.log(`\nEvents through the outbox: ${events.toLocaleString('en')} wait, and each makes another`)
  console.log(row('', 'events/s'))
  for (const { title, perSecond } of transports) {
    const middle = [...perSecond].sort((a, b) => a - b)[Math.floor(perSecond.length / 2)] ?? 0
    console.log(row(title, Math.round(middle).toLocaleString('en')))
  }
  for (const line of notMeasured) console.log(row(line, 'not measured'))
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
