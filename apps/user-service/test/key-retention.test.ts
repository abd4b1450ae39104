import { Pool } from 'pg'
import { until } from '@ordinal/testing'
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
    `UPDATE idempotency_records SET leased_until = leased_until - $2 * interval '1 day' WHERE key = $1`,
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
