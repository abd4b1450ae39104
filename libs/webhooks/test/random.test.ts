import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import type { RedisSettings } from '@ordinal/events'
import { startTestRedis, until, withRedis, type TestRedis } from '@ordinal/testing'
import { startReceiver, type Receiver } from './receiver'
import { createStage, firstSeen, nOf, type Stage } from './stage'

describe('events that stay in the process', () => promisesOf(() => undefined))

withRedis('events that go by Redis Streams', () => {
  let server: TestRedis
  beforeAll(async () => {
    server = await startTestRedis()
  })
  afterAll(() => server.remove())

  promisesOf(() => ({
    url: server.url,
    stream: 'test:webhooks',
    maxLength: 10_000,
    timeoutMs: 1_000,
    leaseMs: 1_000,
  }))
})

/** @param redisOf how events go from the outbox to the webhooks */
function promisesOf(redisOf: () => RedisSettings | undefined): void {
  let stage: Stage
  beforeEach(async () => {
    stage = await createStage(redisOf())
  })
  afterEach(() => stage.end())

  test('whatever fails at random, nothing is lost, and nothing out of order for each subject, with two instances', async () => {
    const failures = fc.array(fc.constantFrom('well', 'fails', 'drops', 'loses the answer', 'dawdles'), {
      minLength: 1,
      maxLength: 40,
    })
    const changes = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 25 })
    // More pauses than there are failures, which may all be of one delivery.
    const patient = { webhookPauses: Array<number>(50).fill(50) }
    const instances = [stage.startInstance(patient), stage.startInstance(patient)]
    await fc.assert(
      fc.asyncProperty(failures, changes, async (plan, subjects) => {
        const accepted: Receiver['seen'] = []
        const receiver = await startReceiver(async (received, response, nth) => {
          const mood = plan[nth - 1] ?? 'well'
          if (mood === 'fails') return 503
          if (mood === 'drops') return void response.destroy()
          if (mood === 'dawdles') await delay(15)
          accepted.push(received)
          // It was taken, and the sender does not know: it comes again.
          if (mood === 'loses the answer') return void response.destroy()
          return 204
        })
        const { id } = await stage.subscribe(receiver.url)
        const made = subjects.map((subject) => `${id}-${subject}`)
        for (const subject of made) await stage.change(subject)
        await until(async () => (await stage.count('delivered')) === subjects.length, 60_000)
        expect(await stage.count('failed')).toBe(0)
        const expected: Record<string, number[]> = {}
        for (const subject of made) (expected[subject] ??= []).push(expected[subject].length + 1)
        expect(firstSeen(accepted)).toEqual(expected)
        // No later event between two attempts of an earlier one.
        for (const subject of Object.keys(expected)) {
          const order = accepted.filter(({ event }) => event.subject === subject).map(nOf)
          expect(order).toEqual([...order].sort((x, y) => x - y))
        }
        await stage.service.remove({ id, versions: undefined })
        await receiver.stop()
      }),
      { numRuns: 12, endOnFailure: true },
    )
    for (const { log } of instances) expect(log.of('a webhook was switched off')).toEqual([])
  })
}
