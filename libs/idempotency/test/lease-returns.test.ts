import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Pool } from 'pg'
import { createPool, transaction, withQueryTimeout } from '@ordinal/database'
import { createCutProxy, createTestDatabase, until, type CutProxy, type TestDatabase } from '@ordinal/testing'
import { beginRequest, createLeaseReturns, finishRequests, fingerprintOf, findRequest } from '../src'

let database: TestDatabase
let pool: Pool
let proxy: CutProxy
let cutPool: Pool
let returns: ReturnType<typeof createLeaseReturns>

const open = (url: string) =>
  createPool({
    url,
    applicationName: 'test',
    maxConnections: 2,
    connectTimeoutMs: 5_000,
    useTimeoutMs: 20_000,
    statementTimeoutMs: 10_000,
    onError: () => undefined,
  })

beforeAll(async () => {
  database = await createTestDatabase()
  pool = open(database.url)
  await pool.query(readFileSync(join(__dirname, '../schema.sql'), 'utf8'))
  const url = new URL(database.url)
  proxy = await createCutProxy({ host: url.hostname, port: Number(url.port) })
  url.port = String(proxy.port)
  cutPool = open(url.href)
})
beforeEach(async () => {
  await pool.query('TRUNCATE idempotency_records')
  returns = createLeaseReturns({ db: withQueryTimeout(cutPool, 2_000) })
})
afterEach(() => returns.stop())
afterAll(async () => {
  await Promise.all([pool.end(), cutPool.end()])
  await proxy.close()
  await database.drop()
})

const leaseMs = 60_000
const key = { caller: 'shop', key: 'k', fingerprint: fingerprintOf({}) }
const begin = () => beginRequest(pool, key, { resourceId: 1, leaseMs })
const giveBack = (endsInMs = leaseMs) => returns.giveBack({ ...key, endsAtMs: performance.now() + endsInMs })
/** What a retry gets, which takes the lease if there is none: 409 otherwise. */
const find = () => findRequest(pool, key, leaseMs).catch((error: { code: string }) => error.code)
const untilFree = () => until(async () => (await find()) !== 'idempotency_key_in_use')

test('a lease is given back at once where the database answers', async () => {
  await begin()
  await giveBack()
  expect(await find()).toEqual({ answer: null, resourceId: 1 })
})

test.each<[string, () => void]>([
  ['breaks the connection', () => proxy.cutAt('leased_until', 'before', 3)],
  ['loses the answers', () => proxy.cutAt('leased_until', 'after', 3)],
  ['says nothing', () => proxy.cutAt('leased_until', 'silence', 2)],
])('of a database that %s, a lease is given back as soon as it answers again', async (_, breakIt) => {
  await begin()
  const cutsBefore = proxy.cuts
  breakIt()
  await giveBack()
  expect(proxy.cuts).toBeGreaterThan(cutsBefore)
  await untilFree()
})

test('a key whose commit is seen only later is given up then', async () => {
  await transaction(pool, async (tx) => {
    await beginRequest(tx, key, { resourceId: 1, leaseMs })
    await giveBack()
    const { rows } = await tx.query('SELECT leased_until > now() AS leased FROM idempotency_records')
    expect(rows).toEqual([{ leased: true }])
  })
  await untilFree()
})

test('an answer that is there stays', async () => {
  await begin()
  await finishRequests(pool, [{ key, answer: { n: 1 } }])
  await giveBack()
  expect(await find()).toEqual({ answer: { n: 1 } })
})

test.each([-1, leaseMs / 2])(
  'a lease that another request took over stays, whose own ends in %d ms',
  async (endsInMs) => {
    await begin()
    await giveBack(endsInMs)
    expect(await find()).toBe('idempotency_key_in_use')
  },
)
