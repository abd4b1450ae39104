import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { CloudEvent } from '@ordinal/events'
import { startTestRedis, withRedis, type TestRedis } from '@ordinal/testing'
import { anOrder, createWorld, expectNumbersToMatch, until, type Instance, type World } from './world'

const awaySeconds = Number(process.env.ORDER_SERVICE_TEST_REDIS_AWAY ?? 5)

withRedis('Redis is away under load', () => {
  let world: World
  let redis: TestRedis
  beforeEach(async () => {
    ;[world, redis] = await Promise.all([createWorld(), startTestRedis()])
  })
  afterEach(async () => {
    await world.end()
    await redis.remove()
  })

  const ways = {
    stopped: { end: () => redis.stop(), begin: () => redis.start() },
    frozen: {
      end: () => Promise.resolve(redis.freeze()),
      begin: () => Promise.resolve(redis.thaw()),
    },
  }

  test.each(Object.keys(ways) as (keyof typeof ways)[])(
    `${awaySeconds} s %s: no request fails, no event is lost, and the events of each order are in order`,
    async (way) => {
      const env = {
        REDIS_URL: redis.url,
        ORDER_SERVICE_EVENT_STREAM_LENGTH: '1000000',
        ORDER_SERVICE_AUTO_CONFIRM: 'true',
        ORDER_SERVICE_OUTBOX_POLL_MS: '100',
        ORDER_SERVICE_RATE_LIMIT: '100000',
      }
      const services = [await world.startService(env), await world.startService(env)]
      const statuses: number[] = []
      let placing = true
      const clients = [0, 1, 2, 3].map((n) => keepPlacing(services[n % 2]!))
      const placed = (more: number) => {
        const count = statuses.length + more
        return until(() => statuses.length >= count, 60_000)
      }

      await placed(20)
      await ways[way].end()
      await Promise.all([delay(awaySeconds * 1_000), placed(100)])
      // It really was away: what was placed meanwhile waits.
      await until(async () => (await services[0]!.metric('order_service_outbox_pending')) > 50)
      await ways[way].begin()
      await placed(50)
      placing = false
      await Promise.all(clients)

      expect(new Set(statuses)).toEqual(new Set([201]))
      await until(async () => (await countUnfinished()) === 0, 60_000)
      await expectNumbersToMatch(world)
      const created = ['order.created', 'pending', 1]
      const updated = ['order.updated', 'confirmed', 2]
      const histories = historiesOf(await eventsInStream())
      expect(histories.size).toBe(statuses.length)
      for (const history of histories.values()) expect(history).toEqual([created, updated])

      async function keepPlacing({ api }: Instance): Promise<void> {
        while (placing) {
          statuses.push((await api.post('/api/v1/orders', anOrder)).status)
          await delay(20)
        }
      }
    },
    // All that it may wait for.
    360_000 + awaySeconds * 4_000,
  )

  async function countUnfinished(): Promise<number> {
    const [row] = await world.query<{ count: string }>(
      `SELECT (SELECT count(*) FROM orders WHERE status <> 'confirmed')
            + (SELECT count(*) FROM outbox WHERE delivered_at IS NULL) AS count`,
    )
    return Number(row!.count)
  }

  async function eventsInStream(): Promise<CloudEvent[]> {
    const client = new Redis(redis.url)
    const entries = await client.xrange('orders:events', '-', '+')
    client.disconnect()
    return entries.map(([, [, event]]) => JSON.parse(event!) as CloudEvent)
  }
})

/** The events of each order, in the order in which it was delivered; what came again is left out. */
function historiesOf(events: CloudEvent[]): Map<string, unknown[]> {
  const histories = new Map<string, unknown[]>()
  const known = new Set<string>()
  for (const { id, subject, type, data } of events) {
    if (known.has(id)) continue
    known.add(id)
    const { status, version } = data as { status: string; version: number }
    histories.set(subject, [...(histories.get(subject) ?? []), [type, status, version]])
  }
  return histories
}
