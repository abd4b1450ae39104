import { Redis } from 'ioredis'
import { setTimeout as delay } from 'node:timers/promises'
import {
  changesSeen,
  comesToHold,
  nthChange,
  startTestRedis,
  type TestRedis,
  until,
  withRedis,
} from '@ordinal/testing'
import { deadStreamOf } from '../src/redis/dead-letters'
import type { RedisSettings } from '../src/redis/transport'
import { createStage, hurried, recorder, upTo, type Stage } from './stage'

withRedis('what only Redis Streams can meet', () => {
  let server: TestRedis
  let client: Redis
  let settings: RedisSettings
  let stage: Stage
  let nth = 0

  beforeAll(async () => {
    server = await startTestRedis()
    client = new Redis(server.url)
    client.on('error', () => undefined)
  })
  afterAll(async () => {
    client.disconnect()
    await server.remove()
  })
  beforeEach(async () => {
    settings = {
      url: server.url,
      stream: `redis:${(nth += 1)}`,
      maxLength: 10_000,
      timeoutMs: 500,
      leaseMs: 1_000,
    }
    stage = await createStage(settings)
  })
  afterEach(() => stage.end())

  const faults = {
    'stopped and started': { end: () => server.stop(), begin: () => server.start() },
    'killed and started': { end: () => server.kill9(), begin: () => server.start() },
    'frozen and thawed': {
      end: () => Promise.resolve(server.freeze()),
      begin: () => Promise.resolve(server.thaw()),
    },
  }

  test.each(Object.keys(faults) as (keyof typeof faults)[])(
    'while Redis is %s under load, changes go on; no event is lost, and each subject keeps its order',
    async (fault) => {
      const { consumer, seen } = recorder()
      const instances = [stage.startInstance([consumer]), stage.startInstance([consumer])]
      const subjects = upTo(10).map((n) => `subject ${n}`)
      let changing = true
      const counts = subjects.map(async (subject) => {
        for (let count = 0; ; count += 1) {
          if (!changing) return count
          await stage.change(subject)
          await delay(20)
        }
      })
      await until(() => seen.length > 20)
      await faults[fault].end()
      await until(async () => (await stage.waiting()) > 100)
      // Longer than a command may take.
      await delay(1_500)
      await faults[fault].begin()
      await delay(500)
      changing = false
      const changes = await Promise.all(counts)
      const expected = Object.fromEntries(subjects.map((subject, n) => [subject, upTo(changes[n]!)]))
      const total = changes.reduce((sum, count) => sum + count)
      await until(() => new Set(seen.map(({ id }) => id)).size >= total)
      expect(changesSeen(seen)).toEqual(expected)
      const told = instances.flatMap(({ log }) => log.of('events wait: the transport fails'))
      expect(told.length).toBeGreaterThan(0)
      // Once for each instance and kind of error, not for each event.
      expect(told.length).toBeLessThan(20)
    },
  )

  test('events that were published before their consumer was there are for it too', async () => {
    const first = stage.startInstance([])
    await stage.change('a')
    await until(async () => (await stage.waiting()) === 0)
    await first.stop()
    const { consumer, seen } = recorder()
    stage.startInstance([consumer])
    await until(() => seen.length === 1)
    expect(seen).toHaveLength(1)
  })

  test('the stream is trimmed', async () => {
    const { consumer, seen } = recorder()
    await stage.end()
    settings.maxLength = 600
    stage = await createStage(settings)
    stage.startInstance([consumer])
    await Promise.all(upTo(2_000).map((n) => stage.change(`subject ${n}`)))
    // On a busy machine one may be delivered twice.
    await until(() => new Set(seen.map(({ id }) => id)).size === 2_000, 60_000)
    expect(await client.xlen(settings.stream)).toBeLessThan(900)
  })

  test('before unread events would be trimmed, events wait in the outbox', async () => {
    await stage.end()
    settings.maxLength = 600
    stage = await createStage(settings)
    let stuck = true
    const { consumer, seen } = recorder('recorder', () => {
      if (stuck) throw Object.assign(new Error('away'), { code: 'ECONNREFUSED' })
    })
    stage.startInstance([consumer], {
      retry: { ...hurried.retry, firstDelayMs: 1_000, longestDelayMs: 1_000 },
    })
    await until(async () => (await client.exists(settings.stream)) === 1)
    await Promise.all(upTo(1_500).map((n) => stage.change(`subject ${n}`)))
    expect(await comesToHold(async () => (await stage.waiting()) === 0, 3_000)).toBe(false)
    expect(await stage.waiting()).toBeGreaterThan(500)
    stuck = false
    await until(() => new Set(seen.map(({ id }) => id)).size === 1_500, 60_000)
  })

  // Of an instance that did not consume for a long time, or ran without this consumer.
  test('events go on after unread ones were trimmed all the same', async () => {
    await stage.end()
    settings.maxLength = 600
    stage = await createStage(settings)
    const { consumer, seen } = recorder()
    const first = stage.startInstance([consumer])
    await stage.change('a')
    await until(() => seen.length === 1)
    await first.stop()
    const other = JSON.stringify({ id: 'x', type: 'other', subject: 'b' })
    await Promise.all(
      upTo(2_000).map(() => client.xadd(settings.stream, 'MAXLEN', '~', 600, '*', 'event', other)),
    )
    expect(await client.xlen(settings.stream)).toBeLessThan(900)
    stage.startInstance([consumer])
    await stage.change('a')
    await until(() => seen.length === 2)
    expect(seen.map(nthChange)).toEqual([1, 2])
  })

  test('an entry that is no event becomes a dead letter, and stays one when the others are replayed', async () => {
    await client.xadd(settings.stream, '*', 'event', 'not JSON')
    await client.xadd(settings.stream, '*', 'something', 'else')
    const { consumer, seen } = recorder()
    stage.startInstance([consumer])
    await stage.change('a')
    await until(() => seen.length === 1)
    await until(async () => (await client.xlen(deadStreamOf(settings.stream))) === 2)
    const dead = await client.xrange(deadStreamOf(settings.stream), '-', '+')
    expect(dead.map(([, fields]) => fields.slice(0, 4))).toEqual(
      Array(2).fill(['consumer', 'recorder', 'reason', 'the entry is no CloudEvent']),
    )
    // That of the event is acknowledged after it was handled.
    await until(async () => ((await client.xpending(settings.stream, 'recorder')) as [number])[0] === 0)
  })

  test('a group or a stream that somebody deletes is made again', async () => {
    const { consumer, seen } = recorder()
    stage.startInstance([consumer])
    await stage.change('a')
    await until(() => seen.length === 1)
    await client.del(settings.stream)
    await stage.change('a')
    await until(() => seen.length === 2)
    expect(seen.map(nthChange)).toEqual([1, 2])
  })
})
