import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { ask, upTo } from '../src/calls'
import { createDatabase, query, type ServiceDatabase } from '../src/databases'
import {
  createService,
  prefixOf,
  root,
  serviceNames,
  type Environment,
  type ServiceProcess,
} from '../src/service'

describe.each(serviceNames)('%s', (name) => {
  let database: ServiceDatabase
  let services: ServiceProcess[]
  beforeEach(async () => {
    database = await createDatabase(name)
    services = []
  })
  afterEach(async () => {
    await Promise.all(services.map((service) => service.remove()))
    await database.drop()
  })

  async function create(environment: Environment): Promise<ServiceProcess> {
    const service = await createService(name, environment)
    services.push(service)
    return service
  }

  const applied = async () => {
    const rows = await query<{ migration_name: string }>(
      database,
      'SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL ORDER BY 1',
    )
    return rows.map(({ migration_name }) => migration_name)
  }
  const all = readdirSync(join(root, 'dist/apps', name, 'migrations')).filter((file) => /^\d/.test(file))

  test('it is ready only when its database is migrated', async () => {
    // As another instance would hold it that migrates at this moment.
    const other = new Client(database.adminUrl)
    await other.connect()
    await other.query('SELECT pg_advisory_lock(72707369)')
    const service = await create(database.environment)
    service.launch()
    await service.says('waiting for another instance')
    expect(await service.isReady()).toBe(false)
    expect(service.isRunning()).toBe(true)

    await other.end()
    await service.ready()
    expect(await applied()).toEqual(all)
  })

  test('three instances that start at once on an empty database all come up, and migrate it once', async () => {
    await Promise.all(upTo(3).map(() => create(database.environment)))
    await Promise.all(services.map((service) => service.start()))
    for (const service of services) {
      expect((await ask(service, 'GET', '/health')).body.checks.database).toBe('up')
    }
    expect(await applied()).toEqual(all)
    expect(await Promise.all(services.map((service) => service.end()))).toEqual([0, 0, 0])
  })

  test('the password of its database may be p@s:/#%w, in parts and in a URL', async () => {
    const password = 'p@s:/#%w'
    const { host, user, parts } = await giveOwnerPassword(database, password)
    const prefix = prefixOf(name)
    const inUrl = { [`${prefix}_DATABASE_URL`]: `postgres://${user}:${encodeURIComponent(password)}@${host}` }
    const inParts = Object.fromEntries(
      Object.entries(parts).map(([part, value]) => [`${prefix}_DB_${part}`, value]),
    )

    for (const environment of [inParts, inUrl]) {
      const service = await create(environment)
      await service.start()
      expect((await ask(service, 'GET', '/health')).body.checks.database).toBe('up')
      expect(await service.end()).toBe(0)
      expect(service.log()).not.toContain(password)
    }
    // Control: the password is asked for.
    const wrong = await create({ ...inParts, [`${prefix}_DB_PASSWORD`]: 'another' })
    wrong.launch()
    expect(await wrong.ended()).toBe(1)
    expect(wrong.log()).toContain('password authentication failed')
  })

  test('a bad configuration stops the start, with a line for each fault', async () => {
    const prefix = prefixOf(name)
    const service = await create({
      [`${prefix}_DATABASE_URL`]: 'mysql://x',
      [`${prefix}_DB_POOL_SIZE`]: 'many',
      [`${prefix}_RATELIMIT`]: '1',
    })
    service.launch()
    expect(await service.ended()).toBe(78)
    const lines = service.log().trimEnd().split('\n').sort()
    expect(lines).toEqual([
      expect.stringContaining(`${prefix}_DATABASE_URL`),
      expect.stringContaining(`${prefix}_DB_POOL_SIZE is "many"`),
      expect.stringContaining(`did you mean ${prefix}_RATE_LIMIT?`),
      'The configuration has 3 faults:',
    ])
  })
})

/** Gives the owner of a database this password, and tells how to log in as that role. */
async function giveOwnerPassword(database: ServiceDatabase, password: string) {
  const [owner] = await query<{ name: string }>(
    database,
    'SELECT pg_get_userbyid(datdba) AS name FROM pg_database WHERE datname = current_database()',
  )
  await query(database, `ALTER ROLE "${owner!.name}" PASSWORD '${password}'`)
  const { hostname, port, pathname } = new URL(database.adminUrl)
  return {
    user: owner!.name,
    host: `${hostname}:${port}${pathname}`,
    parts: { HOST: hostname, PORT: port, USER: owner!.name, PASSWORD: password, NAME: pathname.slice(1) },
  }
}
