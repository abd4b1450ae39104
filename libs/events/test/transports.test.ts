import { startTestRedis, type TestRedis, withRedis } from '@ordinal/testing'
import { promisesOf } from './suite'

describe('in the process', () => promisesOf(() => undefined))

withRedis('by Redis Streams', () => {
  let server: TestRedis
  let nth = 0
  beforeAll(async () => {
    server = await startTestRedis()
  })
  afterAll(() => server.remove())

  promisesOf(() => ({
    url: server.url,
    stream: `test:${(nth += 1)}`,
    maxLength: 10_000,
    timeoutMs: 10_000,
    leaseMs: 1_000,
  }))
})
