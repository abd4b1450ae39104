import { startTestRedis, until, withRedis, type TestRedis } from '@ordinal/testing'
import { rateLimit, rateLimiter } from '../src'
import { answer, closeServers, serve } from './serve'

withRedis('with Redis, a limit', () => {
  let redis: TestRedis
  let stops: (() => void)[] = []
  let clients = 0
  beforeEach(async () => {
    redis = await startTestRedis()
  })
  afterEach(async () => {
    for (const stop of stops) stop()
    stops = []
    await closeServers()
    await redis.remove()
  })

  type Instance = Awaited<ReturnType<typeof startInstance>>

  async function startInstance(perSecond: number, name = 'test') {
    let limiter: ReturnType<typeof rateLimiter> | undefined
    const served = await serve((log) => {
      limiter = rateLimiter({ name, perSecond, redisUrl: redis.url, log })
      return [rateLimit(limiter), answer]
    }, 1)
    stops.push(() => limiter!.stop())
    await limiter!.start()
    return served
  }

  /** A client who has sent nothing yet. */
  const newClient = () => ({ 'x-forwarded-for': `192.0.2.${(clients += 1)}` })

  /** How many of so many requests of a new client are let through, sent at once and to the instances in turn. */
  async function countPassed(instances: Instance[], requests: number): Promise<number> {
    const client = newClient()
    const answers = await Promise.all(
      Array.from({ length: requests }, (_, n) => instances[n % instances.length]!.get('/', client)),
    )
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status !== 200 && status !== 429)).toEqual([])
    return statuses.filter((status) => status === 200).length
  }

  /** Of a limit of 5 a second, 5 and the burst of 10 pass, and 5 more if a second ends meanwhile; of two limits, 30. */
  async function isShared(instances: Instance[]): Promise<boolean> {
    const passed = await countPassed(instances, 60)
    expect(passed).toBeGreaterThanOrEqual(15)
    return passed < 30
  }
  /** Until it is shared; while Redis is too slow for a busy machine, each counts for itself. */
  async function becomesShared(instances: Instance[]): Promise<void> {
    let shared = false
    await until(async () => (shared = await isShared(instances)))
    expect(shared).toBe(true)
  }

  test('is one for all instances', async () => {
    const instances = [await startInstance(5), await startInstance(5)]
    await becomesShared(instances)
  })

  test('is not shared by limiters of other names', async () => {
    const instances = [await startInstance(5, 'users'), await startInstance(5, 'orders')]
    await becomesShared([instances[0]!])
    expect(await isShared(instances)).toBe(false)
  })

  test('has the same headers as a limit of one instance', async () => {
    const instances = [await startInstance(5), await startInstance(5)]
    await becomesShared(instances)
    let told: unknown[] = []
    const ask = async () => {
      told = []
      const client = newClient()
      for (let n = 0; n < 20; n += 1) {
        const { status, headers } = await instances[n % 2]!.get('/', client)
        const [limit, remaining, reset] = ['limit', 'remaining', 'reset'].map((name) =>
          headers.get(`ratelimit-${name}`),
        )
        expect([limit, reset]).toEqual(['5', '1'])
        expect(headers.get('retry-after')).toBe(status === 429 ? '1' : null)
        told.push(remaining)
      }
    }
    await until(async () => {
      await ask()
      return told[1] === '3'
    })
    expect(told.slice(0, 2)).toEqual(['4', '3'])
    expect(told).toContain('0')
  })

  const ways = {
    stopped: { end: () => redis.stop(), begin: () => redis.start() },
    killed: { end: () => redis.kill9(), begin: () => redis.start() },
    frozen: {
      end: () => Promise.resolve(redis.freeze()),
      begin: () => Promise.resolve(redis.thaw()),
    },
  }

  test.each(Object.keys(ways) as (keyof typeof ways)[])(
    'is that of each instance while Redis is %s, without a failed or a waiting request, and shared again after it',
    async (way) => {
      const instances = [await startInstance(5), await startInstance(5)]
      await becomesShared(instances)
      await ways[way].end()
      expect(await isShared(instances)).toBe(false)

      // Were each of them to wait for Redis, 100 would take 25 s.
      const startedAt = performance.now()
      const statuses = new Set<number>()
      const client = newClient()
      for (let n = 0; n < 100; n += 1) statuses.add((await instances[n % 2]!.get('/', client)).status)
      expect(performance.now() - startedAt).toBeLessThan(10_000)
      expect(statuses).toEqual(new Set([200, 429]))

      await ways[way].begin()
      await becomesShared(instances)
      for (const { logged } of instances) {
        const count = (message: string) => logged.of(message).length
        expect(count('the rate limit is shared again')).toBeGreaterThan(0)
        // Once for each kind of trouble, not for each request.
        expect(count('the rate limit is that of this instance alone: Redis does not count')).toBeLessThan(20)
      }
    },
  )

  test('is there from the start, where Redis is not', async () => {
    await redis.stop()
    const instances = [await startInstance(5), await startInstance(5)]
    expect(await isShared(instances)).toBe(false)
    await redis.start()
    await becomesShared(instances)
  })
})
