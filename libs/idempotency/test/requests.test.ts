import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Pool } from 'pg'
import { CommitUnknownError, createPool, transaction, type Queryable } from '@ordinal/database'
import { createCutProxy, createTestDatabase, until, type CutProxy, type TestDatabase } from '@ordinal/testing'
import {
  beginRequest,
  createRequestFinder,
  endLeases,
  findRequest,
  fingerprintOf,
  finishRequests,
  once,
  type IdempotencyKey,
} from '../src'

let database: TestDatabase
let pool: Pool
let proxy: CutProxy
let cutPool: Pool

const open = (url: string) =>
  createPool({
    url,
    applicationName: 'test',
    maxConnections: 25,
    connectTimeoutMs: 5_000,
    useTimeoutMs: 20_000,
    statementTimeoutMs: 10_000,
    onError: () => undefined,
  })

beforeAll(async () => {
  database = await createTestDatabase()
  pool = open(database.url)
  await pool.query(readFileSync(join(__dirname, '../schema.sql'), 'utf8'))
  // What requests make.
  await pool.query('CREATE TABLE things (id BIGSERIAL PRIMARY KEY, name TEXT NOT NULL)')
  const url = new URL(database.url)
  proxy = await createCutProxy({ host: url.hostname, port: Number(url.port) })
  url.port = String(proxy.port)
  cutPool = open(url.href)
})
beforeEach(() => pool.query('TRUNCATE idempotency_records, things RESTART IDENTITY'))
afterAll(async () => {
  await Promise.all([pool.end(), cutPool.end()])
  await proxy.close()
  await database.drop()
})

const keyOf = (request: object = {}, caller = 'shop'): IdempotencyKey => ({
  caller,
  key: 'k',
  fingerprint: fingerprintOf(request),
})
const key = keyOf()

async function makeThing(tx: Queryable): Promise<{ id: number }> {
  const { rows } = await tx.query<{ id: number }>(`INSERT INTO things (name) VALUES ('a thing') RETURNING id`)
  return rows[0]!
}
const things = async () => (await pool.query('SELECT FROM things')).rowCount
const waitForLock = () =>
  until(async () => {
    const { rowCount } = await pool.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    )
    return rowCount === 1
  })

describe('a request that is begun and finished in one transaction', () => {
  const make = (of = pool) => transaction(of, (tx) => once(tx, key, () => makeThing(tx)))

  test('is done once, and its answer is replayed', async () => {
    const first = await make()
    expect(first.replayed).toBe(false)
    expect(await make()).toEqual({ answer: first.answer, replayed: true })
    expect(await things()).toBe(1)
  })

  test('of twenty at the same time one is done, and the others replay its answer', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => make()))
    expect(all.filter(({ replayed }) => !replayed)).toHaveLength(1)
    expect(new Set(all.map(({ answer }) => answer.id)).size).toBe(1)
    expect(await things()).toBe(1)
  })

  test('that is rolled back leaves its key to the one that waits for it', async () => {
    let fail = () => {}
    const failing = transaction(pool, (tx) =>
      once(tx, key, async () => {
        await makeThing(tx)
        return new Promise<never>((_resolve, reject) => {
          fail = () => reject(new Error('refused'))
        })
      }),
    )
    const failed = expect(failing).rejects.toThrow('refused')
    await until(
      async () =>
        (await pool.query(`SELECT FROM pg_locks WHERE relation = 'things'::regclass`)).rowCount === 1,
    )
    const waiting = make()
    await waitForLock()
    fail()
    await failed
    expect((await waiting).replayed).toBe(false)
    expect(await things()).toBe(1)
  })

  test.each([
    ['before', false],
    ['after', true],
  ] as const)(
    'a COMMIT cut %s the server has it: the retry is done once, replayed: %s',
    async (moment, replayed) => {
      proxy.cutAt('COMMIT', moment)
      await expect(make(cutPool)).rejects.toThrow(CommitUnknownError)
      expect((await make()).replayed).toBe(replayed)
      expect(await things()).toBe(1)
    },
  )

  test('a key that is deleted between being in the way and being read is free', async () => {
    await make()
    let deleted = false
    const again = await transaction(pool, (tx) => {
      const deleting: Queryable = {
        async query(query, values) {
          if (!deleted && typeof query !== 'string' && query.text.startsWith('SELECT')) {
            deleted = true
            await pool.query('DELETE FROM idempotency_records')
          }
          return tx.query(query, values)
        },
      }
      return once(deleting, key, () => makeThing(tx))
    })
    expect(again.replayed).toBe(false)
    expect(await make()).toEqual({ ...again, replayed: true })
  })
})

describe('a request that is finished in a later transaction', () => {
  const leaseMs = 60_000
  const begin = (of = pool) =>
    transaction(of, async (tx) => {
      const { id } = await makeThing(tx)
      return (await beginRequest(tx, key, { resourceId: id, leaseMs })) ? id : undefined
    })
  const find = (as = key) => findRequest<{ id: number }>(pool, as, leaseMs)
  const finish = (answer: object) =>
    transaction(pool, async (tx) => (await finishRequests(tx, [{ key, answer }]))[0])
  const passTime = () => pool.query('UPDATE idempotency_records SET leased_until = now()')

  test('is unknown until its first transaction is committed', async () => {
    expect(await find()).toBeUndefined()
    await transaction(pool, async (tx) => {
      await beginRequest(tx, key, { resourceId: 1, leaseMs })
      expect(await find()).toBeUndefined()
    })
    await expect(find()).rejects.toMatchObject({ code: 'idempotency_key_in_use', retryAfterSeconds: 1 })
  })

  test('a second begin waits for the first, and then knows that the key is taken', async () => {
    let second: Promise<boolean> | undefined
    await transaction(pool, async (tx) => {
      expect(await beginRequest(tx, key, { resourceId: 1, leaseMs })).toBe(true)
      second = transaction(pool, (other) => beginRequest(other, key, { resourceId: 2, leaseMs }))
      await waitForLock()
    })
    expect(await second).toBe(false)
  })

  test('whose process ended in between is found with what it made, by one of twenty, when its lease has ended', async () => {
    const id = await begin()
    await passTime()
    const found = await Promise.allSettled(Array.from({ length: 20 }, () => find()))
    const good = found.filter((each) => each.status === 'fulfilled')
    expect(good.map(({ value }) => value)).toEqual([{ answer: null, resourceId: id }])
    for (const each of found) {
      if (each.status === 'rejected') expect(each.reason).toMatchObject({ code: 'idempotency_key_in_use' })
    }
  })

  test.each([
    ['before', undefined],
    ['after', 1],
  ] as const)(
    'a COMMIT of its beginning, cut %s the server has it, has begun nothing or all: resource %s',
    async (moment, resourceId) => {
      proxy.cutAt('COMMIT', moment)
      await expect(begin(cutPool)).rejects.toThrow(CommitUnknownError)
      await endLeases(pool, [{ ...key, endsInMs: leaseMs }])
      const known = await find()
      expect(known).toEqual(resourceId && { answer: null, resourceId })
      expect(await things()).toBe(resourceId ?? 0)
    },
  )

  test('is found among others that are looked for at the same time, each with what is its own', async () => {
    const find = createRequestFinder<{ n: number }>(pool, { leaseMs, batching: true })
    const keys = Array.from({ length: 300 }, (_, n) => ({ ...keyOf({ n }, `shop ${n % 7}`), key: `k${n}` }))
    const known = keys.filter((_, n) => n % 3 > 0)
    await transaction(pool, async (tx) => {
      for (const [n, key] of known.entries()) await beginRequest(tx, key, { resourceId: n, leaseMs })
    })
    const finished = known.map((key, n) => ({ key, answer: { n } }))
    // Twice, as by two that finish the same: both have the first answer.
    const second = finished.map(({ key }) => ({ key, answer: { n: -1 } }))
    expect(await finishRequests(pool, finished)).toEqual(finished.map(({ answer }) => answer))
    expect(await finishRequests(pool, second)).toEqual(finished.map(({ answer }) => answer))

    const found = await Promise.all(keys.map((key) => find(key)))
    const answerOf = (key: IdempotencyKey) => finished.find((each) => each.key === key)?.answer
    expect(found).toEqual(keys.map((key) => answerOf(key) && { answer: answerOf(key) }))
    const other = { ...keys[1]!, fingerprint: fingerprintOf({ n: 'other' }) }
    const [reused, right] = await Promise.allSettled([find(other), find(keys[1]!)])
    expect(reused).toMatchObject({ reason: { code: 'idempotency_key_reused' } })
    expect(right).toEqual({ status: 'fulfilled', value: { answer: answerOf(keys[1]!) } })
  })

  test('is replayed from its finish on, whatever the lease', async () => {
    await begin()
    await finish({ id: 1 })
    expect(await find()).toEqual({ answer: { id: 1 } })
    await passTime()
    expect(await find()).toEqual({ answer: { id: 1 } })
  })

  test('that is finished twice, since its lease was taken over, has the first answer for both', async () => {
    await begin()
    await passTime()
    await find()
    expect(await finish({ by: 'the second' })).toEqual({ by: 'the second' })
    expect(await finish({ by: 'the first' })).toEqual({ by: 'the second' })
  })

  test('that ends its lease is found at once; one that is finished stays so', async () => {
    const id = await begin()
    await endLeases(pool, [{ ...key, endsInMs: leaseMs }])
    expect(await find()).toEqual({ answer: null, resourceId: id })
    await finish({ id })
    await endLeases(pool, [{ ...key, endsInMs: leaseMs }])
    expect(await find()).toEqual({ answer: { id } })
  })

  test('another request with its key is refused, and the same key of another caller is another key', async () => {
    await begin()
    await expect(find(keyOf({ other: true }))).rejects.toMatchObject({ code: 'idempotency_key_reused' })
    expect(await find(keyOf({}, 'till'))).toBeUndefined()
  })
})
