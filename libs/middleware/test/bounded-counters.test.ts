import fc from 'fast-check'
import { createLogger } from '@ordinal/logging'
import { collectLog } from '@ordinal/testing'
import { rateLimiter } from '../src'
import { BoundedRateLimiterMemory } from '../src/bounded-counters'
import { clientOf } from '../src/rate-limit'

const minute = { points: 1_000, duration: 60, keyPrefix: 'k' }
const records = (limiter: BoundedRateLimiterMemory) => limiter.dump().storage.length

test.each([
  ['addresses', (n: number) => `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`],
  ['networks of IPv6', (n: number) => `2001:db8:${(n >> 16).toString(16)}:${(n & 0xffff).toString(16)}::1`],
])('a hundred thousand clients by their %s leave the records of some', async (_what, addressOf) => {
  const limiter = new BoundedRateLimiterMemory(minute)
  for (let n = 0; n < 100_000; n += 1) await limiter.consume(clientOf(addressOf(n)))
  expect(records(limiter)).toBe(10_000)
})

test('a client is forgotten behind a flood of others, also what it has used of its burst', async () => {
  const log = createLogger({ service: 'test', level: 'info', stream: collectLog().stream })
  const limiter = rateLimiter({ name: 'test', perSecond: 1, log })
  const passed = async (client: string, requests: number) => {
    let count = 0
    for (let n = 0; n < requests; n += 1)
      count += await limiter.count(client).then(
        () => 1,
        () => 0,
      )
    return count
  }
  await passed('192.0.2.1', 10)
  // Its burst of a minute is used up: one a second is left.
  expect(await passed('192.0.2.1', 3)).toBeLessThan(3)
  for (let n = 0; n < 10_000; n += 1) await passed(`10.0.${n >> 8}.${n & 255}`, 2)
  expect(await passed('192.0.2.1', 3)).toBe(3)
})

test('the clients that were counted last are counted as if there were no bound', async () => {
  const most = 5
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 60 }), async (keys) => {
      const limiter = new BoundedRateLimiterMemory(minute, most)
      let kept: { key: number; count: number }[] = []
      for (const key of keys) {
        const before = kept.find((each) => each.key === key)?.count ?? 0
        kept = [...kept.filter((each) => each.key !== key), { key, count: before + 1 }].slice(-most)
        expect((await limiter.consume(key)).consumedPoints).toBe(before + 1)
        expect(records(limiter)).toBe(kept.length)
      }
    }),
  )
})
