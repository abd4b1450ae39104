import { setTimeout as delay } from 'node:timers/promises'
import { comesToHold, until } from '@ordinal/testing'
import { watchBackends } from './backends'
import { setUp } from './user-service'

let users: Awaited<ReturnType<typeof setUp>>
let backends: Awaited<ReturnType<typeof watchBackends>>

beforeAll(async () => {
  users = await setUp()
  backends = await watchBackends(users.database)
})
afterAll(async () => {
  await backends.end()
  await users.tearDown()
})

/** Sends so many requests for an address that is taken, ten at a time, and counts the answers of each status. */
async function conflicts(count: number): Promise<Record<number, number>> {
  const statuses: Record<number, number> = {}
  const sender = async (_: unknown, index: number) => {
    for (let i = index; i < count; i += 10) {
      const { status } = await users.api.post('/api/v1/users', {
        email: 'taken@example.com',
        name: 'A',
        age: 1,
      })
      statuses[status] = (statuses[status] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: 10 }, sender))
  return statuses
}

/** Has the service open all of its connections, and gives their backends; undefined if a pause of the machine was too long for that. */
async function fillPool(id: number): Promise<number[] | undefined> {
  await backends.holdUsers()
  const filling: Promise<unknown>[] = []
  let isFull = true
  // One after the other: those that come at the same moment share a connection. The first is given up after five seconds.
  for (let n = 1; n <= 10 && isFull; n += 1) {
    filling.push(users.api.get(`/api/v1/users/${id}`))
    isFull = await comesToHold(async () => (await backends.waiting()) === n, 5_000)
  }
  const pids = await backends.pids()
  await backends.release()
  await Promise.all(filling)
  return isFull ? pids : undefined
}

test('a thousand conflicts are a thousand times 409, and cost no connection', async () => {
  const { id } = await users.createUser({ email: 'taken@example.com' })
  const before = await until(() => fillPool(id))
  expect(before).toHaveLength(10)
  const startedAt = performance.now()

  const seen = new Set<number>()
  let areAnswered = false
  const answering = conflicts(1_000).finally(() => (areAnswered = true))
  do {
    await delay(50)
    for (const pid of await backends.pids()) seen.add(pid)
  } while (!areAnswered)
  expect(await answering).toEqual({ 409: 1_000 })
  // On a busy machine it takes so long that each may have been closed for being idle, once in ten seconds.
  const closed = 10 * Math.floor((performance.now() - startedAt) / 10_000)
  expect([...seen].filter((pid) => !before.includes(pid)).length).toBeLessThanOrEqual(closed)
})

test('a backend that is killed in mid-request costs that request a 503, and the next succeeds', async () => {
  const { id } = await users.createUser()
  await backends.holdUsers()
  const waiting = users.api.get(`/api/v1/users/${id}`)
  await until(async () => (await backends.waiting()) === 1)
  expect(await backends.kill()).toBeGreaterThan(0)
  const { status, headers, body } = await waiting
  await backends.release()

  expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'database_unavailable', '1'])
  expect((await users.api.get(`/api/v1/users/${id}`)).status).toBe(200)
})

test('backends that are killed while they are idle cost no request at all', async () => {
  const { id } = await users.createUser()
  const before = await backends.pids()
  expect(await backends.kill()).toBeGreaterThan(0)
  await until(async () => !(await backends.pids()).some((pid) => before.includes(pid)))
  await delay(100)
  const asking = Array.from({ length: 20 }, () => users.api.get(`/api/v1/users/${id}`))
  const statuses = (await Promise.all(asking)).map(({ status }) => status)
  expect(statuses).toEqual(Array<number>(20).fill(200))
})
