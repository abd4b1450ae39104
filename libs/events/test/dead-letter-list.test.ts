import { Redis } from 'ioredis'
import { startTestRedis, type TestRedis, until, withRedis } from '@ordinal/testing'
import { openDeadLetters, type DeadLetterPlace, type DeadLetters } from '../src'
import { moveToDeadLetters } from '../src/dead-letter-table'
import { deadStreamOf } from '../src/redis/dead-letters'
import type { RedisSettings } from '../src/redis/transport'
import { createStage, upTo, type Stage } from './stage'

let stage: Stage
let letters: DeadLetters
let close: () => void

async function open(redis?: RedisSettings) {
  stage = await createStage(redis)
  const log = { info() {}, warn() {} } as never
  ;({ deadLetters: letters, close } = await openDeadLetters({ pool: stage.pool, redis, log }))
}
afterEach(async () => {
  close()
  await stage.end()
})

/** Leaves letters in the table, a second apart, the first a number of seconds after the epoch. */
const plantRows = (count: number, { first = 1, consumer = 'planted' } = {}) =>
  stage.pool.query(
    `INSERT INTO dead_events (consumer, reason, attempts, died_at, event)
     SELECT $3, 'planted', 1, to_timestamp($2 + n - 1),
       json_build_object('id', 'row ' || n, 'type', 'thing.' || n % 2, 'subject', 'a')
     FROM generate_series(1, $1::int) AS n`,
    [count, first, consumer],
  )

/** All, piece by piece; between two pieces something may happen. */
async function readAll(size: number, filter = {}, meanwhile = () => Promise.resolve()) {
  const read: { id: string; diedAt: Date }[] = []
  for (let after: DeadLetterPlace | undefined; ;) {
    const piece = await letters.list(size, filter, after)
    read.push(...piece)
    if (piece.length < size) return read
    after = piece.at(-1)!.place
    await meanwhile()
  }
}
const idsOf = (read: { id: string }[]) => read.map(({ id }) => id)

/** While they are read some are replayed, in front of the reader and behind, and others die: each of the rest comes once. */
async function readAmidChanges(count: number) {
  const before = idsOf(await letters.list(count))
  const replayed = new Set<string>()
  let round = 0
  const read = await readAll(100, {}, async () => {
    round += 1
    for (const id of [before[round]!, before[count - round]!]) {
      replayed.add(id)
      expect(await letters.replay({ id })).toBe(1)
    }
    if (round <= 3) await plantRows(10, { first: 10_000 * round, consumer: 'later' })
  })
  const ids = idsOf(read)
  expect(new Set(ids).size).toBe(ids.length)
  expect(before.filter((id) => !replayed.has(id) && !ids.includes(id))).toEqual([])
  expect(ids.filter((id) => !before.includes(id))).toHaveLength(30)
}

describe('letters in the table', () => {
  beforeEach(() => open())

  test('2,500 are listed piece by piece, oldest first, each once, also by type', async () => {
    await plantRows(2_500)
    expect(idsOf(await readAll(100))).toEqual(upTo(2_500).map(String))
    expect(await readAll(100, { type: 'thing.1' })).toHaveLength(1_250)
    expect(await readAll(100, { consumer: 'nobody' })).toEqual([])
  })

  test('while some are replayed and others die, each of the rest is listed once', async () => {
    await plantRows(1_500)
    await readAmidChanges(1_500)
  })

  test('of two that die at once, the one that is committed last is behind the other', async () => {
    // The first is kept at its COMMIT for as long as somebody holds a lock.
    await stage.pool.query(
      `CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         IF NEW.consumer = 'slow' THEN PERFORM pg_advisory_xact_lock(1); END IF; RETURN NULL; END $$;
       CREATE CONSTRAINT TRIGGER linger AFTER INSERT ON dead_events DEFERRABLE INITIALLY DEFERRED
         FOR EACH ROW EXECUTE FUNCTION linger()`,
    )
    const holder = await stage.pool.connect()
    await holder.query('SELECT pg_advisory_lock(1)')
    const die = (consumer: string) =>
      moveToDeadLetters(
        stage.pool,
        { position: 1, event: { id: consumer } as never, consumer: null, attempt: 1 },
        [{ consumer, reason: 'planted', outage: false }],
      )
    const waiting = async () =>
      (await holder.query(`SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`)).rowCount
    const slow = die('slow')
    await until(async () => (await waiting()) === 1)
    let isCommitted = false
    const fast = die('fast').then(() => (isCommitted = true))
    await until(async () => isCommitted || (await waiting()) === 2)
    const first = await letters.list(10)
    await holder.query('SELECT pg_advisory_unlock(1)')
    holder.release()
    await Promise.all([slow, fast])
    const rest = await letters.list(10, {}, first.at(-1)?.place)
    expect([...first, ...rest].map(({ consumer }) => consumer)).toEqual(['slow', 'fast'])
  })
})

withRedis('letters in the table and in a stream', () => {
  let server: TestRedis
  let client: Redis
  let settings: RedisSettings
  let nth = 0

  beforeAll(async () => {
    server = await startTestRedis()
    client = new Redis(server.url)
  })
  afterAll(async () => {
    client.disconnect()
    await server.remove()
  })
  beforeEach(async () => {
    const stream = `letters:${(nth += 1)}`
    settings = { url: server.url, stream, maxLength: 10_000, timeoutMs: 10_000, leaseMs: 1_000 }
    await open(settings)
  })

  /** Leaves letters in the stream, half a second after those of the table. */
  async function plantEntries(count: number) {
    const adding = client.pipeline()
    for (const n of upTo(count)) {
      const event = JSON.stringify({ id: `entry ${n}`, type: `thing.${n % 2}`, subject: 'a' })
      const fields = { consumer: 'planted', reason: 'planted', attempts: 1, event }
      adding.xadd(deadStreamOf(settings.stream), `${n * 1000 + 500}-1`, ...Object.entries(fields).flat())
    }
    await adding.exec()
  }

  test('3,000 are listed piece by piece as one list, oldest first, each once, also by type', async () => {
    await plantRows(1_500)
    await plantEntries(1_500)
    const inOrder = upTo(1_500).flatMap((n) => [String(n), `${n * 1000 + 500}-1`])
    // Odd, so that pieces end with either.
    expect(idsOf(await readAll(101))).toEqual(inOrder)
    expect(await readAll(100, { type: 'thing.1' })).toHaveLength(1_500)
    expect(await readAll(700, { consumer: 'nobody' })).toEqual([])
  })

  test('letters of the table whose times are not in their order are listed once all the same', async () => {
    await plantRows(50, { first: 40 })
    await plantRows(50, { first: 1 })
    await plantEntries(100)
    const read = idsOf(await readAll(7))
    expect(read).toHaveLength(200)
    expect(new Set(read).size).toBe(200)
  })

  test('while some are replayed and others die, each of the rest is listed once', async () => {
    await plantRows(600)
    await plantEntries(900)
    await readAmidChanges(1_500)
  })

  test('two replays at once deliver each letter once', async () => {
    await plantEntries(1_200)
    const counts = await Promise.all([letters.replay(), letters.replay()])
    expect(counts[0] + counts[1]).toBe(1_200)
    expect(await client.xlen(settings.stream)).toBe(1_200)
    expect(await letters.count()).toBe(0)
  })

  test('what cannot be delivered again stays a dead letter', async () => {
    await plantEntries(1)
    await client.set(settings.stream, 'no stream')
    await expect(letters.replay()).rejects.toThrow('WRONGTYPE')
    expect(await letters.count()).toBe(1)
  })
})
