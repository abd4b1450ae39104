import { setTimeout as delay } from 'node:timers/promises'
import { changesSeen, createCutProxy, type CutProxy, nthChange, until } from '@ordinal/testing'
import type { EventSettings } from '../src/events'
import { createStage, hurried, openPool, recorder, upTo, type Stage } from './stage'
import { createOutbox, openDeadLetters, type DeadLetters } from '../src'
import type { RedisSettings } from '../src/redis/transport'

/** What every transport promises. */
export function promisesOf(createRedis: () => RedisSettings | undefined): void {
  let stage: Stage
  let redis: RedisSettings | undefined
  beforeEach(async () => {
    redis = createRedis()
    stage = await createStage(redis)
  })
  let proxy: CutProxy | undefined
  afterEach(async () => {
    await stage.end()
    await proxy?.close()
    proxy = undefined
  })

  /** Longer than a busy machine pauses: what one instance is at, no other takes over. */
  const withLongLease = () => redis && { ...redis, leaseMs: 30_000 }
  const deadLetters = async <T>(use: (letters: DeadLetters) => Promise<T>) => {
    const log = { info() {}, warn() {} } as never
    const { deadLetters: letters, close } = await openDeadLetters({ pool: stage.pool, redis, log })
    return use(letters).finally(close)
  }

  test('an event is delivered as a CloudEvent', async () => {
    const { consumer, seen } = recorder()
    stage.startInstance([consumer])
    await stage.change('a')
    await until(() => seen.length === 1)
    expect(seen).toEqual([
      {
        specversion: '1.0',
        id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}$/),
        source: 'urn:test',
        type: 'thing.changed',
        subject: 'a',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        datacontenttype: 'application/json',
        sequence: expect.stringMatching(/^\d{19}$/),
        data: { n: 1, poison: false },
      },
    ])
  })

  test('a change that is rolled back publishes no event', async () => {
    const { consumer, seen } = recorder()
    stage.startInstance([consumer])
    const client = await stage.pool.connect()
    await client.query('BEGIN')
    await stage.outbox.record(client, [{ type: 'thing.changed', subject: 'a', data: { n: 0 } }])
    await client.query('ROLLBACK')
    client.release()
    await stage.change('b')
    await until(() => seen.length > 0)
    expect(seen.map(({ subject }) => subject)).toEqual(['b'])
  })

  test('a consumer gets the types that it is for, and each consumer gets all of them', async () => {
    const [one, two] = [recorder('one'), recorder('two')]
    const instance = stage.startInstance([one.consumer, two.consumer])
    await stage.change('a', { type: 'thing.ignored' })
    await stage.change('a')
    await until(() => one.seen.length === 1 && two.seen.length === 1)
    expect([...one.seen, ...two.seen].map(nthChange)).toEqual([2, 2])
    // What is seen to be committed may be counted a moment later.
    await until(async () => (await instance.metric('test_events_delivered_total')) === 2)
    await until(async () => (await instance.metric('test_events_handled_total{consumer="one"}')) === 1)
    await until(async () => (await instance.metric('test_outbox_pending')) === 0)
  })

  test('an event that nobody wants is kept as if it were delivered, and wakes nobody', async () => {
    const outbox = createOutbox({
      pool: stage.pool,
      source: 'urn:test',
      isWanted: (type) => type === 'thing.changed',
    })
    const listener = await stage.pool.connect()
    let woken = 0
    listener.on('notification', () => (woken += 1))
    await listener.query('LISTEN outbox')
    const event = { type: 'thing.ignored', subject: 'a', data: {} }
    await outbox.record(stage.pool, [event, { ...event, type: 'thing.changed' }, event])
    outbox.announce('thing.ignored')
    await outbox.settled()
    await listener.query('SELECT 1')
    expect(woken).toBe(0)
    outbox.announce('thing.changed')
    await outbox.settled()
    await listener.query('SELECT 1')
    expect(woken).toBe(1)
    listener.release(true)

    const { consumer, seen } = recorder('recorder')
    stage.startInstance([{ ...consumer, types: ['thing.ignored', 'thing.changed'] }])
    await until(() => seen.length > 0)
    await until(async () => (await stage.waiting()) === 0)
    expect(seen.map(({ type }) => type)).toEqual(['thing.changed'])
    const { rows } = await stage.pool.query('SELECT 1 FROM outbox')
    expect(rows).toHaveLength(3)
  })

  test('with two instances and failures in between, each subject has its order, and no event is lost', async () => {
    let fails = 0
    // Every fifth attempt fails, at whatever event that is.
    const { consumer, seen } = recorder('recorder', () => {
      fails += 1
      if (fails % 5 === 0) throw new Error('not now')
    })
    // So many that none moves to the dead letters by chance.
    const patient = { retry: { ...hurried.retry, attempts: 50 }, redis: withLongLease() }
    const instances = [stage.startInstance([consumer], patient), stage.startInstance([consumer], patient)]
    const subjects = upTo(20).map((n) => `subject ${n}`)
    await Promise.all(
      subjects.map(async (subject) => {
        for (let n = 0; n < 10; n += 1) await stage.change(subject)
      }),
    )
    await until(() => new Set(seen.map(({ id }) => id)).size === 200)
    expect(changesSeen(seen)).toEqual(Object.fromEntries(subjects.map((subject) => [subject, upTo(10)])))
    for (const subject of subjects) {
      const sequences = seen.filter((event) => event.subject === subject).map(({ sequence }) => sequence!)
      expect(sequences).toEqual([...sequences].sort())
    }
    const failed = await Promise.all(
      instances.map(({ metric }) => metric('test_event_deliveries_failed_total')),
    )
    expect(failed[0]! + failed[1]!).toBeGreaterThan(10)
  })

  test('several relays share the work, and none delivers what another one does', async () => {
    const { consumer, seen } = recorder()
    const patient = { redis: withLongLease() }
    const instances = [stage.startInstance([consumer], patient), stage.startInstance([consumer], patient)]
    await Promise.all(upTo(300).map((n) => stage.change(`subject ${n}`)))
    await until(() => seen.length >= 300)
    expect(new Set(seen.map(({ id }) => id)).size).toBe(300)
    const delivered = async () => {
      const counts = await Promise.all(instances.map(({ metric }) => metric('test_events_delivered_total')))
      return counts[0]! + counts[1]!
    }
    await until(async () => (await delivered()) >= 300)
    await until(async () => (await stage.waiting()) === 0)
    expect([await delivered(), seen.length]).toEqual([300, 300])
  })

  test('a poison event becomes a dead letter with its reason, and the events behind it are delivered', async () => {
    const { consumer, seen } = recorder('recorder', ({ data }) => {
      if ((data as { poison: boolean }).poison) throw new TypeError('this event makes no sense')
    })
    const instance = stage.startInstance([consumer])
    await stage.change('a')
    await stage.change('a', { poison: true })
    await stage.change('a')
    await stage.change('b')
    await until(() => seen.length === 3)
    expect(changesSeen(seen)).toEqual({ a: [1, 3], b: [1] })
    const [dead, ...others] = await deadLetters((letters) => letters.list(10))
    expect(others).toEqual([])
    expect(dead).toMatchObject({
      consumer: 'recorder',
      reason: 'TypeError: this event makes no sense',
      attempts: 4,
      event: { subject: 'a', data: { n: 2 } },
    })
    expect(dead!.diedAt.getTime()).toBeGreaterThan(Date.now() - 60_000)
    expect(await instance.metric('test_events_dead_total{consumer="recorder"}')).toBe(1)
    await until(async () => (await instance.metric('test_dead_events')) === 1)
    expect(instance.log.of('an event moved to the dead letters')).toHaveLength(1)
  })

  test('dead letters are replayed, with their ids, to the consumer that could not handle them', async () => {
    let fixed = false
    const broken = recorder('broken', () => {
      if (!fixed) throw new Error('broken')
    })
    const well = recorder('well')
    const instance = stage.startInstance([broken.consumer, well.consumer])
    await stage.change('a')
    await stage.change('b')
    await until(async () => (await instance.metric('test_dead_events')) === 2 && well.seen.length >= 2)
    const wellBefore = well.seen.length
    fixed = true
    const replayed = await deadLetters((letters) => letters.replay())
    expect(replayed).toBe(2)
    await until(() => broken.seen.length === 2)
    const told = (events: { id: string; sequence?: string }[]) =>
      events.map(({ id, sequence }) => `${id} ${sequence}`).sort()
    expect(new Set(told(broken.seen))).toEqual(new Set(told(well.seen)))
    expect(well.seen).toHaveLength(wellBefore)
    await until(async () => (await instance.metric('test_dead_events')) === 0)
  })

  test('one dead letter is replayed by its id, and those of a type or a consumer, without the others', async () => {
    let fixed = false
    const broken = recorder('broken', () => {
      if (!fixed) throw new Error('broken')
    })
    const instance = stage.startInstance([broken.consumer])
    for (const subject of ['a', 'b', 'c']) await stage.change(subject)
    await until(async () => (await instance.metric('test_dead_events')) === 3)
    fixed = true
    await deadLetters(async (letters) => {
      const list = async (filter = {}) =>
        (await letters.list(10, filter)).map(({ place: _, ...letter }) => letter)
      const [first, ...others] = await list()
      expect(await letters.count({ consumer: 'broken', type: 'thing.changed' })).toBe(3)
      expect(await list({ type: 'thing.changed' })).toEqual([first, ...others])
      for (const nobody of [{ consumer: 'well' }, { type: 'thing.gone' }])
        expect(await list(nobody)).toEqual([])
      for (const nobody of [{ id: '1-1' }, { id: '-' }, { consumer: 'well' }, { type: 'thing.gone' }])
        expect([await letters.count(nobody), await letters.replay(nobody)]).toEqual([0, 0])
      expect(await letters.replay({ id: first!.id })).toBe(1)
      expect(await list()).toEqual(others)
      await until(() => broken.seen.length === 1)
      expect(broken.seen).toEqual([first!.event])
      expect(await letters.replay({ consumer: 'broken', type: 'thing.changed' })).toBe(2)
      expect(await list()).toEqual([])
    })
    await until(() => broken.seen.length === 3)
  })

  test('while a consumer meets an outage, no event moves to the dead letters, and it goes on afterwards', async () => {
    let away = true
    let attempts = 0
    const { consumer, seen } = recorder('recorder', () => {
      attempts += 1
      if (away) throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })
    })
    stage.startInstance([consumer])
    await stage.change('a')
    await stage.change('a')
    await until(() => attempts > 6)
    expect(await deadLetters((letters) => letters.count())).toBe(0)
    away = false
    await until(() => seen.length === 2)
    expect(changesSeen(seen)).toEqual({ a: [1, 2] })
  })

  test('a consumer that never ends reaches its timeout, and blocks its subject alone', async () => {
    const { consumer, seen } = recorder('recorder', ({ data }) =>
      (data as { poison: boolean }).poison ? new Promise(() => undefined) : undefined,
    )
    const retry = { attempts: 2, firstDelayMs: 10, longestDelayMs: 10, attemptLimitMs: 200 }
    const instance = stage.startInstance([consumer], { retry })
    await stage.change('a', { poison: true })
    await stage.change('b')
    await stage.change('a')
    await until(() => seen.length === 2)
    expect(changesSeen(seen)).toEqual({ b: [1], a: [2] })
    expect(JSON.stringify(instance.log.entries)).toContain('not handled within 200 ms')
  })

  test('a relay that dies between delivering and noting it has the event delivered again, with the same id', async () => {
    const url = new URL(stage.database.url)
    proxy = await createCutProxy({ host: url.hostname, port: Number(url.port) })
    url.port = String(proxy.port)
    const { consumer, seen } = recorder()
    // Delivered again when the lease ends.
    const hasty = { databaseUrl: url.href, leaseMs: 1_000 } satisfies Partial<EventSettings>
    stage.startInstance([consumer], hasty)
    await stage.change('warm up')
    await until(() => seen.length === 1)
    await until(async () => (await stage.waiting()) === 0)
    // The name of the statement, which goes with it each time.
    proxy.cutAt('mark_delivered', 'before')
    await stage.change('a')
    await stage.change('a')
    await until(() => seen.length === 4)
    expect(proxy.cuts).toBe(1)
    expect(seen.slice(1).map(nthChange)).toEqual([1, 1, 2])
    expect(seen[1]).toEqual(seen[2])
  })

  test('it stops after the handling that is under way, and the next instance goes on', async () => {
    let release: (() => void) | undefined
    const slow = recorder('recorder', () => new Promise<void>((resolve) => (release = resolve)))
    // The handling ends when the test says so, and not by its timeout.
    const retry = { ...hurried.retry, attemptLimitMs: 60_000 }
    const first = stage.startInstance([slow.consumer], { retry, redis: withLongLease() })
    await stage.change('a')
    await stage.change('a')
    await until(() => release !== undefined)
    let stopped = false
    const stopping = first.stop().then(() => (stopped = true))
    await delay(200)
    expect(stopped).toBe(false)
    release!()
    await stopping
    expect(slow.seen.map(nthChange)).toEqual([1])
    const { consumer, seen } = recorder()
    stage.startInstance([consumer])
    await until(() => seen.length > 0 && nthChange(seen.at(-1)!) === 2)
    expect(changesSeen(slow.seen.concat(seen))).toEqual({ a: [1, 2] })
  })

  test('without a word of new events they are found all the same', async () => {
    const { consumer, seen } = recorder()
    stage.startInstance([consumer])
    await stage.change('a', { announce: false })
    await until(() => seen.length === 1)
  })

  test('a word of new events has them delivered at once, however rarely it looks', async () => {
    const { consumer, seen } = recorder()
    stage.startInstance([consumer], { pollMs: 60_000 })
    for (const n of upTo(5)) {
      await stage.change('a')
      await until(() => seen.length === n)
    }
    expect(seen.map(nthChange)).toEqual(upTo(5))
  })

  test('what was delivered is swept after a while, and what was not stays', async () => {
    const { consumer, seen } = recorder()
    const first = stage.startInstance([consumer])
    await stage.change('a')
    await until(async () => seen.length === 1 && (await stage.waiting()) === 0)
    await first.stop()
    await stage.change('b', { type: 'thing.ignored' })
    const pool = openPool(stage.database.url)
    await stage.startInstance([]).stop()
    const rows = async () =>
      (await pool.query<{ subject: string }>('SELECT subject FROM outbox')).rows.map(({ subject }) => subject)
    expect(await rows()).toContain('a')
    stage.startInstance([consumer], { retentionMs: 1 })
    await until(async () => !(await rows()).includes('a'))
    await pool.end()
  })
}
