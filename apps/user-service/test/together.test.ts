import type { Pool } from 'pg'
import { createPool } from '@ordinal/database'
import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '../src/generated/prisma/client'
import { createUserRepository } from '../src/repository'
import { createUsers } from '../src/users'
import { setUp } from './user-service'

const poolSize = 3

let service: Awaited<ReturnType<typeof setUp>>
let pool: Pool
let statements: number
let users: ReturnType<typeof createUsers>
beforeAll(async () => {
  service = await setUp()
  pool = createPool({
    url: service.database.url,
    applicationName: 'test',
    maxConnections: poolSize,
    connectTimeoutMs: 5_000,
    useTimeoutMs: 5_000,
    statementTimeoutMs: 5_000,
    onError: () => undefined,
  })
  const query = pool.query.bind(pool) as (...args: unknown[]) => unknown
  pool.query = ((...args: unknown[]) => {
    statements += 1
    return query(...args)
  }) as Pool['query']
  const repository = createUserRepository(new PrismaClient({ adapter: new PrismaPg(pool) }))
  users = createUsers({ repository, pool, poolSize, heavyDb: pool })
})
beforeEach(() => {
  statements = 0
})
afterAll(async () => {
  await pool.end()
  await service.tearDown()
})

test('users that are asked for at once are read together, and each caller gets its own, or 404', async () => {
  const created = await Promise.all(Array.from({ length: 20 }, () => service.createUser()))
  const gone = created[7]!
  await service.api.delete(`/api/v1/users/${gone.id}`)
  // Some by several callers, one that is deleted, and some that never were.
  const ids = Array.from(
    { length: 300 },
    (_, index) => created[index % 20]!.id + (index % 50 === 0 ? 1_000_000 : 0),
  )
  const answers = await Promise.all(
    ids.map((id) =>
      users.require(id).then(
        (user) => user.id,
        (error: { code?: string }) => error.code,
      ),
    ),
  )
  const living = (id: number) => id < 1_000_000 && id !== gone.id
  expect(answers).toEqual(ids.map((id) => (living(id) ? id : 'user_not_found')))
  // 300 in pieces of 100, and those that began at once.
  expect(statements).toBeLessThanOrEqual(poolSize + 3)
})

test('one alone waits for nobody, and sees what was committed before it was asked for', async () => {
  const { id } = await service.createUser({ name: 'Before' })
  expect((await users.require(id)).name).toBe('Before')
  await service.api.patch(`/api/v1/users/${id}`, { name: 'After' })
  expect((await users.require(id)).name).toBe('After')
  expect(statements).toBe(2)
})
