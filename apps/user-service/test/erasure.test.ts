import { Pool } from 'pg'
import { fingerprintOf } from '@ordinal/idempotency'
import { createCutProxy, everythingIn, until } from '@ordinal/testing'
import { setUp, startUserService } from './user-service'

let users: Awaited<ReturnType<typeof setUp>>
let pool: Pool
beforeAll(async () => {
  users = await setUp()
  pool = new Pool({ connectionString: users.database.adminUrl, max: 2 })
})
afterAll(async () => {
  await pool.end()
  await users.tearDown()
})

let made = 0
/** A person like no other, created under a key; and what must be found nowhere once it is erased. */
async function someone({ key = `key-${(made += 1)}`, api = users.api } = {}) {
  made += 1
  const unique = `q${made}x${Math.random().toString(36).slice(2)}`
  const person = { email: `${unique}@mail.example`, name: `Ada ${unique}son`, age: 36 }
  const { status, body } = await api.post('/api/v1/users', person, { headers: { 'Idempotency-Key': key } })
  expect(status).toBe(201)
  const { id } = body as { id: number }
  return {
    ...person,
    id,
    key,
    path: `/api/v1/users/${id}`,
    traces: [unique, fingerprintOf(person).toString('hex')],
  }
}
type Person = Awaited<ReturnType<typeof someone>>

const erase = ({ path }: Person, headers: Record<string, string> = {}, api = users.api) =>
  api.delete(`${path}?erase=true`, { headers })
const rowOf = async ({ id }: Person) =>
  (await pool.query<Record<string, unknown>>('SELECT * FROM users WHERE id = $1', [id])).rows[0]!
/** Lets the background do its work: it begins with the start of an instance. */
async function sampleAgain() {
  const sampled = async () => {
    const sql = "SELECT analyze_count AS count FROM pg_stat_user_tables WHERE relname = 'users'"
    return Number((await pool.query<{ count: string }>(sql)).rows[0]!.count)
  }
  const before = await sampled()
  const { service } = await startUserService(users.database)
  await until(async () => (await sampled()) > before)
  await service.stop()
}
/** Which of what a person would be known by can be found in the database, or in the log. */
async function found(person: Person): Promise<string[]> {
  const logged = users.logged.entries.map((entry) => JSON.stringify(entry))
  const all = [await everythingIn(users.database.adminUrl), ...logged].join('\n')
  return all.split('\n').filter((line) => person.traces.some((trace) => line.includes(trace)))
}

test('of an erased user nothing is found, in any table, sample or log; the id stays', async () => {
  const person = await someone()
  const neighbour = await someone()
  await users.api.patch(person.path, { name: `${person.name} II` })
  await users.api.get(`/api/v1/users?search=${person.traces[0]}`)
  const taken = await users.api.post('/api/v1/users', { email: person.email, name: person.name, age: 1 })
  expect(taken.status).toBe(409)
  await users.api.get(`/api/v1/users/${person.email}`)
  // As autovacuum does some day: the planner's samples have a few names then.
  await pool.query('ANALYZE users')
  expect((await found(person)).length).toBeGreaterThan(2)

  expect((await erase(person)).status).toBe(204)
  expect((await users.api.get(person.path)).status).toBe(404)
  await sampleAgain()
  expect(await found(person)).toEqual([])
  expect(await rowOf(person)).toMatchObject({
    id: String(person.id),
    email: '',
    email_key: '',
    name: '',
    age: 0,
    active: false,
    deleted_at: expect.any(Date) as Date,
    erased_at: expect.any(Date) as Date,
  })
  // Nobody else is touched.
  expect((await users.api.get(neighbour.path)).body.name).toBe(neighbour.name)
  expect((await found(neighbour)).length).toBeGreaterThan(1)
  const { body } = await users.api.get('/api/v1/users')
  expect(body.pagination.total).toBe(body.data.length)
})

test('the address is free at once, and a retry of the creation brings nobody back', async () => {
  const person = await someone()
  const { email, name, age, key } = person
  await erase(person)
  await sampleAgain()
  const headers = { 'Idempotency-Key': key }
  for (const body of [
    { email, name, age },
    { email: 'other@mail.example', name, age },
  ]) {
    const retry = await users.api.post('/api/v1/users', body, { headers })
    expect([retry.status, retry.body.code]).toEqual([410, 'idempotency_key_erased'])
  }
  expect(await found(person)).toEqual([])
  expect((await users.api.post('/api/v1/users', { email, name, age })).status).toBe(201)
})

test('a key that names the person is erased with its answer', async () => {
  const mail = `grace${Math.random().toString(36).slice(2)}`
  const person = { email: `${mail}@mail.example`, name: `Grace ${mail}`, age: 50 }
  const create = async (key: string) =>
    (await users.api.post('/api/v1/users', person, { headers: { 'Idempotency-Key': key } })).body as Person
  const { id } = await create(`create:${mail.toUpperCase()}@mail.example`)
  await users.api.delete(`/api/v1/users/${id}?erase=true`)
  expect((await everythingIn(users.database.adminUrl)).toLowerCase()).not.toContain(mail)
})

test('a deleted user can be erased, an erased one again, one that never was is 404; a version must fit', async () => {
  const person = await someone()
  expect((await erase(person, { 'If-Match': '"7"' })).status).toBe(412)
  await users.api.delete(person.path)
  expect((await erase(person, { 'If-Match': '"1"' })).status).toBe(412)
  expect((await erase(person, { 'If-Match': '"1", "2"' })).status).toBe(204)
  const { erased_at: erasedAt } = await rowOf(person)
  // The answer may have been lost: the retry is no fault, and no second erasure.
  expect((await erase(person, { 'If-Match': '"2"' })).status).toBe(204)
  expect((await rowOf(person)).erased_at).toEqual(erasedAt)
  expect((await users.api.delete(person.path)).status).toBe(404)
  expect((await users.api.delete('/api/v1/users/999999?erase=true')).status).toBe(404)
  expect((await users.api.delete(`${person.path}?erase=yes`)).status).toBe(400)
})

test('erasures and changes at the same time: every erasure holds, and no name comes back', async () => {
  const persons = await Promise.all(Array.from({ length: 12 }, () => someone()))
  const answers = await Promise.all(
    persons.flatMap((person) => [
      users.api.patch(person.path, { name: `${person.name} the Second` }),
      erase(person),
      users.api.patch(person.path, { age: 40 }),
      users.api.delete(person.path),
      erase(person),
      users.api.post(
        '/api/v1/users',
        { email: person.email, name: person.name, age: person.age },
        { headers: { 'Idempotency-Key': person.key } },
      ),
    ]),
  )
  for (const [index, { status }] of answers.entries())
    if (index % 6 === 1 || index % 6 === 4) expect(status).toBe(204)
    else expect([200, 201, 204, 404, 410]).toContain(status)
  await sampleAgain()
  for (const person of persons) expect(await found(person)).toEqual([])
  await expect(pool.query("UPDATE users SET name = 'Back' WHERE id = $1", [persons[0]!.id])).rejects.toThrow(
    /users_erased_check/,
  )
})

test.each(['before', 'after'] as const)('a connection cut %s the commit: all or nothing', async (moment) => {
  const url = new URL(users.database.url)
  const proxy = await createCutProxy({ host: url.hostname, port: Number(url.port) })
  url.port = String(proxy.port)
  const { service, api } = await startUserService({ url: url.href })
  const person = await someone()
  proxy.cutAt('WHERE id = $1 AND erased_at IS NULL', moment)
  const { status, body } = await erase(person, {}, api)
  expect([status, body.code, proxy.cuts]).toEqual([503, 'outcome_unknown', 1])
  const { erased_at: erasedAt, name } = await rowOf(person)
  const { rows } = await pool.query<{ answer: { name?: string } }>(
    'SELECT answer FROM idempotency_records WHERE key = $1',
    [person.key],
  )
  expect([erasedAt !== null, name, rows[0]!.answer.name]).toEqual(
    moment === 'after' ? [true, '', undefined] : [false, person.name, person.name],
  )
  expect((await erase(person, {}, api)).status).toBe(204)
  await sampleAgain()
  expect(await found(person)).toEqual([])
  await service.stop()
  await proxy.close()
})

test('users who were deleted long ago are erased by themselves, by any number of instances', async () => {
  const persons = await Promise.all(Array.from({ length: 250 }, () => someone()))
  const [young, living, ...old] = persons as [Person, Person, ...Person[]]
  const ids = (of: Person[]) => of.map(({ id }) => id)
  const age = (of: Person[], days: number) =>
    pool.query(`UPDATE users SET deleted_at = now() - $2 * interval '1 day' WHERE id = ANY($1)`, [
      ids(of),
      days,
    ])
  await age(old, 8)
  await age([young], 6)
  const instances = await Promise.all(
    [1, 2].map(() => startUserService(users.database, { DELETED_USER_DAYS: '7' })),
  )
  const left = async () => {
    const { rows } = await pool.query<{ id: string }>(
      'SELECT id FROM users WHERE id = ANY($1) AND erased_at IS NULL ORDER BY id',
      [ids(persons)],
    )
    return rows.map(({ id }) => Number(id))
  }
  await until(async () => (await left()).length === 2)
  expect(await left()).toEqual(ids([young, living]).sort((a, b) => a - b))
  const counted = () =>
    instances
      .flatMap(({ logged }) => logged.of('deleted users erased'))
      .reduce((sum, { count }) => sum + Number(count), 0)
  await until(() => counted() >= old.length)
  expect(counted()).toBe(old.length)
  await Promise.all(instances.map(({ service }) => service.stop()))
})
