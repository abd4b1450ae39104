import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { duration, ratio, type Suite } from '../instrument/suite'
import { load, post, requireSuccess } from '../load'
import type { Contestant, Stage } from '../stage'

const connectionCounts = [1, 16, 64]
const userCount = 1_000
const settleLimitMs = 120_000

/** An order service to be measured, with the sequencer behind it. */
interface Path {
  name: string
  title: string
  service: Contestant
  database: string
  /** Where its numbers are. */
  ledger: string
}

/**
 * Orders over the whole path: the user is looked up, the intent committed, the number issued and committed, the order
 * completed with its event; in the background it is confirmed by its event. Each order has an Idempotency-Key.
 */
export const orders: Suite = {
  name: 'orders',
  title: 'Placing orders: three services, a number, two commits',
  counts: 'orders',
  services: ['sequencer', 'order-service', 'user-service'],

  async open(stage) {
    const paths = await startPaths(stage)
    const answered = new Map(paths.map(({ database }) => [database, 0]))
    const [asRun] = paths
    // The most of each round.
    const waitedMs: number[] = []
    const takenMb: number[] = []
    const competitors = paths.flatMap((path) =>
      connectionCounts.map((connections) => ({
        name: `${path.name} ${connections}`,
        title: `${path.title}, ${connections} at a time`,
        async turn(seconds: number) {
          const isWatched = path === asRun && connections === 64
          const watch = isWatched ? watchOutbox(stage, path.database) : undefined
          const turn = await load([path.service.port], newOrder, connections, seconds)
          if (watch) {
            waitedMs.push(await watch.end())
            takenMb.push(path.service.residentMb() ?? 0)
          }
          requireSuccess(path.title, turn)
          answered.set(path.database, answered.get(path.database)! + turn.requests)
          // Confirming what was placed must not take its time from the next.
          await settle(stage, path.database)
          return turn
        },
      })),
    )
    const plainly = '64 at a time, against the same written plainly'
    return {
      competitors,
      comparisons: [
        ratio(plainly, 'as_run 64', 'plain 64', { must: 6, aim: 10 }),
        ratio('64 at a time, against one', 'as_run 64', 'as_run 1'),
        duration('one alone, p50', 'as_run 1', 'p50Ms', { must: 6, aim: 4 }),
      ],
      async finish() {
        await requireAllWhole(stage, paths, answered)
        return {
          comparisons: [
            // The first turn warms up.
            {
              title: 'oldest event that waits, 64 at a time',
              unit: 'ms',
              must: 1_000,
              values: waitedMs.slice(1),
            },
            {
              title: 'memory of the order service, 64 at a time',
              unit: 'MB',
              must: 250,
              values: takenMb.slice(1),
            },
          ],
        }
      },
    }
  },
}

/** @throws Error if not every order that was answered is there with one number and one event */
async function requireAllWhole(
  stage: Stage,
  paths: readonly Path[],
  answered: ReadonlyMap<string, number>,
): Promise<void> {
  for (const [database, count] of answered) await requireWhole(stage, database, count)
  for (const ledger of new Set(paths.map((path) => path.ledger))) {
    const count = sum(
      paths.filter((path) => path.ledger === ledger).map((path) => answered.get(path.database)!),
    )
    if (!(await stage.isDense(ledger, count)))
      throw new Error(`the numbers in ${ledger} are not exactly those of the ${count} orders, without a hole`)
  }
}

/**
 * As they are run, and beside that without what makes it fast: each order by itself; and that with a transaction for each
 * number and a connection for each call, as the path is written plainly.
 */
async function startPaths(stage: Stage): Promise<Path[]> {
  const users = await stage.startOnDatabase('user-service', 'USER_SERVICE', 'users')
  await stage.asAdmin('users', (admin) =>
    admin.query(
      `INSERT INTO users (email, name, age) SELECT 'u' || n || '@example.com', 'User', 30 FROM generate_series(1, $1) n`,
      [userCount],
    ),
  )
  const grouped = await stage.startSequencer('order_numbers')
  const single = await stage.startSequencer('order_numbers_single', { SEQUENCER_GROUP_COMMIT: 'false' })

  const start = async (name: string, title: string, plainly: Record<string, string>): Promise<Path> => {
    const database = `orders_${name}`
    const isPlain = 'ORDER_SERVICE_KEEP_ALIVE_MS' in plainly
    const service = await stage.startOnDatabase('order-service', 'ORDER_SERVICE', database, {
      ORDER_SERVICE_USER_SERVICE_URL: urlOf(users),
      ORDER_SERVICE_SEQUENCER_URL: urlOf(isPlain ? single : grouped),
      ...plainly,
    })
    return { name, title, service, database, ledger: isPlain ? 'order_numbers_single' : 'order_numbers' }
  }
  const apart = { ORDER_SERVICE_BATCHING: 'false' }
  return [
    await start('as_run', 'as they are run', {}),
    await start('apart', 'each order by itself', apart),
    await start('plain', 'written plainly', { ...apart, ORDER_SERVICE_KEEP_ALIVE_MS: '0' }),
  ]
}

const urlOf = ({ port }: Contestant) => `http://127.0.0.1:${port}`

let ordered = 0
function newOrder(): string {
  ordered += 1
  const order = { user_id: (ordered % userCount) + 1, product_id: 'PROD-1', quantity: 1, total_price: 9.99 }
  const headers = ['Content-Type: application/json', `Idempotency-Key: ${randomUUID()}`]
  return post('/api/v1/orders', headers, JSON.stringify(order))
}

/** Looks again and again how long the oldest event has waited that is to be delivered; gives the most, in milliseconds. */
function watchOutbox(stage: Stage, database: string) {
  let isEnding = false
  const watching = stage.asAdmin(database, async (admin) => {
    let mostMs = 0
    while (!isEnding) {
      const { rows } = await admin.query<{ ms: number }>(
        `SELECT coalesce(extract(epoch FROM clock_timestamp() - min(created_at)) * 1000, 0)::float8 AS ms
         FROM outbox WHERE delivered_at IS NULL AND position > 0`,
      )
      mostMs = Math.max(mostMs, rows[0]!.ms)
      await delay(100)
    }
    return mostMs
  })
  return {
    end(): Promise<number> {
      isEnding = true
      return watching
    },
  }
}

/** Waits until all events are delivered. */
async function settle(stage: Stage, database: string): Promise<void> {
  const end = performance.now() + settleLimitMs
  while (performance.now() < end) {
    const { rows } = await stage.asAdmin(database, (admin) =>
      admin.query('SELECT 1 FROM outbox WHERE delivered_at IS NULL AND position > 0 LIMIT 1'),
    )
    if (rows.length === 0) return
    await delay(100)
  }
  throw new Error(`the events in ${database} were not delivered within ${settleLimitMs / 1000} s`)
}

async function requireWhole(stage: Stage, database: string, answered: number): Promise<void> {
  const { rows } = await stage.asAdmin(database, (admin) =>
    admin.query<{ orders: string; numbers: string; events: string }>(
      `SELECT count(*) AS orders, count(DISTINCT order_number) AS numbers,
         (SELECT count(*) FROM outbox WHERE event ->> 'type' = 'order.created') AS events FROM orders`,
    ),
  )
  const { orders, numbers, events } = rows[0]!
  if ([orders, numbers, events].some((count) => Number(count) !== answered))
    throw new Error(
      `${answered} orders were answered; ${database} has ${orders}, with ${numbers} numbers and ${events} events`,
    )
}

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0)
