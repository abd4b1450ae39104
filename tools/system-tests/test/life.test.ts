import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { createTestDatabase, createTestRole } from '@ordinal/testing'
import { createService, type ServiceProcess } from './service'
import { ask, createUser, placeOrder, query, startSystem, upTo } from './system'

const services = ['user-service', 'order-service', 'sequencer'] as const
const prefixOf = (name: string) => name.toUpperCase().replaceAll('-', '_')

describe.each(services)('%s', (name) => {
  const variables = (url: string, more: Record<string, string> = {}) => ({
    [`${prefixOf(name)}_DATABASE_URL`]: url,
    ...more,
  })

  test('three instances that start at once on an empty database all come up', async () => {
    const database = await createTestDatabase()
    const instances = await Promise.all(upTo(3).map(() => createService(name, variables(database.url))))
    await Promise.all(instances.map((instance) => instance.start()))
    for (const instance of instances)
      expect((await ask(instance, 'GET', '/health')).body.checks.database).toBe('up')
    const [{ count }] = (await query<{ count: string }>(
      database,
      'SELECT count(*) FROM _prisma_migrations',
    )) as [{ count: string }]
    expect(Number(count)).toBe(1)
    expect(await Promise.all(instances.map((instance) => instance.end()))).toEqual([0, 0, 0])
    await database.drop()
  })

  test('the password of its database may be p@s:/#%w, in parts and in a URL', async () => {
    const password = 'p@s:/#%w'
    const database = await createTestDatabase()
    const role = await createTestRole(database)
    await query(
      database,
      `ALTER ROLE ${role.name} PASSWORD '${password}'; GRANT ALL ON SCHEMA public TO ${role.name}`,
    )
    const { hostname, port, pathname } = new URL(database.url)
    const prefix = prefixOf(name)
    const inParts = {
      [`${prefix}_DB_HOST`]: hostname,
      [`${prefix}_DB_PORT`]: port,
      [`${prefix}_DB_USER`]: role.name,
      [`${prefix}_DB_PASSWORD`]: password,
      [`${prefix}_DB_NAME`]: pathname.slice(1),
    }
    const inUrl = variables(
      `postgres://${role.name}:${encodeURIComponent(password)}@${hostname}:${port}${pathname}`,
    )
    for (const environment of [inParts, inUrl]) {
      const service = await createService(name, environment)
      await service.start()
      expect(await service.end()).toBe(0)
      expect(service.output()).not.toContain(password)
    }
    await query(database, `DROP OWNED BY ${role.name}`)
    await database.drop()
  })

  test('SIGTERM ends it within the bound, with idle, half-header and half-body connections open', async () => {
    const database = await createTestDatabase()
    const service = await createService(name, variables(database.url, { SHUTDOWN_TIMEOUT: '1' }))
    await service.start()
    const halfway = [
      '',
      'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n',
      'GET /health/live HTTP/1.1\r\nHo',
      'POST /api/v1/users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"a"',
    ]
    for (const text of halfway) await open(service, text)
    const startedAt = Date.now()
    expect(await service.end()).toBe(0)
    expect(Date.now() - startedAt).toBeLessThan(4_000)
    await database.drop()
  })

  test('a bad configuration stops the start, with a line for each fault', async () => {
    const service = await createService(
      name,
      variables('mysql://x', {
        [`${prefixOf(name)}_DB_POOL_SIZE`]: 'many',
        [`${prefixOf(name)}_RATELIMIT`]: '1',
      }),
    )
    await expect(service.start()).rejects.toThrow('ended while it was starting')
    expect(service.output()).toContain(`${prefixOf(name)}_DATABASE_URL`)
    expect(service.output()).toContain(`${prefixOf(name)}_DB_POOL_SIZE is "many"`)
    expect(service.output()).toContain(`${prefixOf(name)}_RATE_LIMIT`)
    expect(service.output()).not.toContain('    at ')
  })
})

async function open(service: ServiceProcess, text: string): Promise<void> {
  const socket = connect(service.port, '127.0.0.1').on('error', () => {})
  await once(socket, 'connect')
  socket.write(text)
  await delay(50)
}

const onLinux = process.platform === 'linux' ? test : test.skip
onLinux('each service needs less than 120 MB idle, and less than 250 MB under load', async () => {
  const system = await startSystem()
  const all = { users: system.users, orders: system.orders, sequencer: system.sequencer }
  const sizes = () =>
    Object.fromEntries(Object.entries(all).map(([name, { pid }]) => [name, residentMb(pid())]))
  await delay(3_000)
  const idle = sizes()
  console.log('resident MB, idle', idle)
  for (const size of Object.values(idle)) expect(size).toBeLessThan(120)

  const userId = await createUser(system)
  let left = 8_000
  const client = async () => {
    while (left-- > 0) {
      await ask(system.sequencer, 'POST', '/api/v1/next/SG')
      if (left % 10 === 0) await placeOrder(system, userId)
    }
  }
  await Promise.all(upTo(64).map(client))
  const loaded = sizes()
  console.log('resident MB, after load', loaded)
  for (const size of Object.values(loaded)) expect(size).toBeLessThan(250)
  await system.stop()
})

function residentMb(pid: number): number {
  const [, kb] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Math.round(Number(kb) / 1024)
}
