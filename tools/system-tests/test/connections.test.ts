import { Client } from 'pg'
import { ask, createUser, eventually, orderOf, upTo } from '../src/calls'
import { query, type ServiceDatabase } from '../src/databases'
import { startSystem, type System } from '../src/system'

let system: System
beforeAll(async () => {
  system = await startSystem()
})
afterAll(() => system.stop())

const backends = ({ adminUrl }: ServiceDatabase, where = 'true') =>
  query<{ pid: number }>(
    { adminUrl },
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
     AND backend_type = 'client backend' AND application_name <> '' AND ${where} ORDER BY pid`,
  )

/** How many sessions the database has had since it was made; the pools end some that are idle. */
async function sessions({ adminUrl }: ServiceDatabase): Promise<number> {
  const sql = 'SELECT sessions::int FROM pg_stat_database WHERE datname = current_database()'
  const [row] = await query<{ sessions: number }>({ adminUrl }, sql)
  return row!.sessions
}

test('a thousand conflicts leave the connections of the database as they were', async () => {
  const user = { email: 'conflict@example.com', name: 'Ada', age: 36 }
  await ask(system.users, 'POST', '/api/v1/users', user)
  const conflicts = async () => {
    const answers = await Promise.all(upTo(50).map(() => ask(system.users, 'POST', '/api/v1/users', user)))
    return new Set(answers.map(({ status, body }) => `${status} ${body.code}`))
  }
  await conflicts()
  const before = await sessions(system.databases.users)
  for (let round = 0; round < 20; round += 1) expect(await conflicts()).toEqual(new Set(['409 email_taken']))
  // Some are of this test, and of a pool that grew; errors that ended their connections would have made a thousand.
  expect((await sessions(system.databases.users)) - before).toBeLessThan(100)
})

// Each lock lets a transaction begin, and stops it half-way.
test.each([
  ['users', 'LOCK TABLE users IN SHARE MODE', '/api/v1/users'],
  ['orders', 'LOCK TABLE idempotency_records IN SHARE MODE', '/api/v1/orders'],
  ['sequencer', 'LOCK TABLE ledger IN SHARE MODE', '/api/v1/next/SG'],
] as const)(
  'a backend of %s that is killed in mid-transaction does not end the service',
  async (name, lock, path) => {
    const service = system[name]
    const database = system.databases[name]
    const userId = await createUser(system)
    const bodies = {
      users: { email: 'killed@example.com', name: 'Ada', age: 36 },
      orders: orderOf(userId),
      sequencer: {},
    }
    const send = () => ask(service, 'POST', path, bodies[name], { 'Idempotency-Key': `killed-${name}` })
    const before = service.pid()

    const blocker = new Client(database.adminUrl)
    await blocker.connect()
    await blocker.query(`BEGIN; ${lock}`)
    const answering = send()
    const [victim] = await eventually(
      () => backends(database, `wait_event_type = 'Lock' AND xact_start IS NOT NULL`),
      (found) => found.length > 0,
    )
    expect(await query(database, 'SELECT pg_terminate_backend($1) AS killed', [victim!.pid])).toEqual([
      { killed: true },
    ])
    await eventually(
      () => backends(database, `pid = ${victim!.pid}`),
      (found) => found.length === 0,
    )
    await blocker.query('ROLLBACK')
    await blocker.end()

    // Told as an outage, or tried again behind the scenes.
    expect([200, 201, 503]).toContain((await answering).status)
    expect([service.isRunning(), service.pid()]).toEqual([true, before])
    await eventually(() => service.isReady(), Boolean)
    await eventually(send, ({ status }) => status === 200 || status === 201)
  },
)
