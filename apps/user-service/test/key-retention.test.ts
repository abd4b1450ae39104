import { Pool } from 'pg'
import { transaction, type Queryable } from '@ordinal/database'
import { fingerprintOf } from '@ordinal/service'
import { until } from '@ordinal/testing'
import { once } from '../src/idempotency'
import { setUp, startUserService } from './user-service'

let users: Awaited<ReturnType<typeof setUp>>
let pool: Pool
beforeAll(async () => {
  users = await setUp()
  pool = new Pool({ connectionString: users.database.url, max: 2 })
})
afterAll(async () => {
  await pool.end()
  await users.tearDown()
})

const create = (email: string, key: string) =>
  users.api.post(
    '/api/v1/users',
    { email, name: 'Someone', age: 30 },
    { headers: { 'idempotency-key': key } },
  )
const keys = async () => {
  const { rows } = await pool.query<{ key: string }>('SELECT key FROM idempotency_records')
  return rows.map(({ key }) => key)
}
const age = (key: string, days: number) =>
  pool.query(
    `UPDATE idempotency_records SET created_at = created_at - $2 * interval '1 day' WHERE key = $1`,
    [key, days],
  )

test('a key past its time is deleted, and its request is a new one; a key in its time is not', async () => {
  await create('old@example.com', 'old')
  const young = await create('young@example.com', 'young')
  await age('old', 31)
  await age('young', 29)
  const other = await startUserService(users.database)
  await until(async () => (await keys()).length === 1)
  await other.service.stop()
  expect(await keys()).toEqual(['young'])
  expect((await create('young@example.com', 'young')).body).toEqual(young.body)
  // Judged anew: the address is taken.
  expect((await create('old@example.com', 'old')).status).toBe(409)
})

test('a key that is deleted while its request comes again is taken by that request', async () => {
  const key = { caller: 'anonymous', key: 'swept', fingerprint: fingerprintOf({}) }
  const create = (tx: Queryable) => once(tx, key, () => Promise.resolve({ id: 1 }))
  await transaction(pool, create)
  let swept = false
  const again = await transaction(pool, (tx) =>
    create({
      async query(query, values) {
        // Between finding the key in the way and reading what it holds.
        if (!swept && typeof query === 'string' && query.startsWith('SELECT')) {
          swept = true
          await pool.query(`DELETE FROM idempotency_records WHERE key = 'swept'`)
        }
        return tx.query(query, values)
      },
    }),
  )
  expect(again).toEqual({ answer: { id: 1 }, replayed: false })
  expect(await transaction(pool, create)).toEqual({ answer: { id: 1 }, replayed: true })
})
