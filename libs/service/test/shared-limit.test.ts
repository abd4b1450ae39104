import { Redis } from 'ioredis'
import {
  createTestDatabase,
  startTestRedis,
  until,
  withRedis,
  type TestDatabase,
  type TestRedis,
} from '@ordinal/testing'
import { startFakeService } from './fake-service'

withRedis('with REDIS_URL', () => {
  let database: TestDatabase
  let server: TestRedis
  let redis: Redis
  beforeAll(async () => {
    ;[database, server] = await Promise.all([createTestDatabase(), startTestRedis()])
    redis = new Redis(server.url)
  })
  afterAll(async () => {
    redis.disconnect()
    await Promise.all([database.drop(), server.remove()])
  })

  /** The connections to Redis by which services count requests. */
  async function limiters(): Promise<number> {
    const list = (await redis.client('LIST')) as string
    return list.split('\n').filter((line) => line.includes('name=fake-service-rate-limit')).length
  }

  test('the instances of a service share its rate limit, and let go of Redis when they stop', async () => {
    const settings = { rateLimit: 5, redisUrl: server.url }
    const fakes = [
      await startFakeService(database.url, settings),
      await startFakeService(database.url, settings),
    ]
    await until(async () => (await limiters()) === 2)
    expect(await limiters()).toBe(2)
    let answers: Response[] = []
    const passedOf60 = async () => {
      await redis.flushall()
      answers = await Promise.all(
        Array.from({ length: 60 }, (_, n) => fetch(`${fakes[n % 2]!.url}/openapi.json`)),
      )
      return answers.filter(({ status }) => status === 200).length
    }
    let passed = await passedOf60()
    // While Redis is too slow for a busy machine, each counts for itself.
    await until(async () => passed < 30 || (passed = await passedOf60()) < 30)
    // 5 and the burst of 10, and what the next second allows; each for itself would let 30 through.
    expect(passed).toBeGreaterThanOrEqual(15)
    expect(passed).toBeLessThan(30)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(60 - passed)

    await Promise.all(fakes.map(({ service }) => service.stop()))
    await until(async () => (await limiters()) === 0)
    expect(await limiters()).toBe(0)
  })

  test('a service that limits nobody does not connect', async () => {
    const fake = await startFakeService(database.url, { rateLimit: 0, redisUrl: server.url })
    expect((await fetch(`${fake.url}/openapi.json`)).status).toBe(200)
    expect(await limiters()).toBe(0)
    await fake.service.stop()
  })
})
