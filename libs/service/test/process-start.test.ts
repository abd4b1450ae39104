import { writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import path from 'node:path'
import { createTestDatabase, ownPort, startProgram, type TestDatabase } from '@ordinal/testing'
import { Client } from 'pg'
import { buildService } from './service-program'
import { version } from '../../../package.json'

let database: TestDatabase
let service: ReturnType<typeof buildService>

beforeAll(async () => {
  database = await createTestDatabase()
  service = buildService()
})
afterAll(async () => {
  service.remove()
  await database.drop()
})

const start = (env: Record<string, string>, ...args: string[]) =>
  startProgram([service.program, ...args], env)
const lines = (text: string) => text.trimEnd().split('\n')
const unreachable = 'postgres://ann:hidden@127.0.0.1:1/fakedb'

test('a bad configuration ends the start with code 78 and a line for each fault', async () => {
  const { code, output, errors } = await start({
    FAKE_PORT: 'http',
    FAKE_DB_POOL_SIZE: '0',
    FAKE_LOG_LEVL: 'debug',
    FAKE_DB_PASSWORD: 'hidden',
  }).ended()
  expect([code, output]).toEqual([78, ''])
  expect(lines(errors)).toEqual([
    'The configuration has 3 faults:',
    expect.stringContaining('FAKE_DB_POOL_SIZE is "0"'),
    expect.stringContaining('FAKE_PORT is "http"'),
    expect.stringContaining('FAKE_LOG_LEVL is not known: did you mean FAKE_LOG_LEVEL?'),
  ])
  expect(errors).not.toContain('hidden')
})

test('--check-config says that a configuration is valid, and touches nothing', async () => {
  const { code, output, errors } = await start({ FAKE_DATABASE_URL: unreachable }, '--check-config').ended()
  expect([code, output, errors]).toEqual([0, 'The configuration is valid.\n', ''])
})

test('--help says what there is, and an argument that is not known starts nothing', async () => {
  const help = await start({ FAKE_DATABASE_URL: unreachable }, '--help').ended()
  expect([help.code, help.errors]).toEqual([0, ''])
  expect(help.output).toContain('--check-config    check the configuration')

  const { code, output, errors } = await start({ FAKE_DATABASE_URL: unreachable }, '--check-confg').ended()
  expect([code, output]).toEqual([64, ''])
  expect(lines(errors)[0]).toBe('--check-confg is not known.')
  expect(errors).toContain(help.output.trimEnd())
})

test('--describe-api prints the document, whatever is configured', async () => {
  const { code, output, errors } = await start({ FAKE_PORT: '70000' }, '--describe-api').ended()
  expect([code, errors]).toEqual([0, ''])
  const { info, paths } = JSON.parse(output) as { info: { version: string }; paths: object }
  expect(info.version).toBe(version)
  expect(Object.keys(paths)).toContain('/openapi.json')
})

test('--check-config finds what is wrong', async () => {
  const { code, errors } = await start({ FAKE_PORT: '70000' }, '--check-config').ended()
  expect(code).toBe(78)
  expect(errors).toContain('FAKE_PORT is "70000"')
})

test('a .env file in the current folder is read, and the environment wins over it', async () => {
  writeFileSync(path.join(service.folder, '.env'), 'FAKE_PORT=70000\nFAKE_LOG_LEVEL=loud\n')
  const options = { cwd: service.folder }
  const program = startProgram([service.program, '--check-config'], { FAKE_PORT: '8089' }, options)
  const { code, errors } = await program.ended()
  expect(code).toBe(78)
  expect(errors).toContain('FAKE_LOG_LEVEL is "loud"')
  expect(errors).not.toContain('FAKE_PORT')
})

test('--migrate brings the database to the schema, and ends', async () => {
  const env = { FAKE_DATABASE_URL: database.url, FAKE_PORT: '0' }
  const { code, output } = await start(env, '--migrate').ended()
  expect([code, output]).toEqual([0, 'The database has the schema of this build.\n'])
  const client = new Client(database.url)
  await client.connect()
  const { rows } = await client.query('SELECT migration_name FROM _prisma_migrations')
  await client.end()
  expect(rows).toEqual([{ migration_name: '20261121000000_init' }])
})

test('--migrate needs no word on who may call, which a start in production does', async () => {
  const env = { FAKE_DATABASE_URL: database.url, FAKE_PORT: '0', NODE_ENV: 'production' }
  expect(await start(env, '--migrate').ended()).toMatchObject({ code: 0 })
  const { code, errors } = await start(env).ended()
  expect(code).toBe(78)
  expect(errors).toContain('no authentication is configured')
})

test('a taken port stops the start in one line that names the variable', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, () => resolve()))
  const { port } = other.address() as AddressInfo
  const { code, errors } = await start({ FAKE_DATABASE_URL: database.url, FAKE_PORT: String(port) }).ended()
  await new Promise((resolve) => other.close(resolve))
  expect(code).toBe(1)
  expect(lines(errors).at(-1)).toBe(
    `The service cannot start: port ${port} is taken by another program: stop it, or set FAKE_PORT to a free port`,
  )
  expect(errors).not.toContain('    at ')
})

describe('a listener', () => {
  const startAndFail = async (env: Record<string, string>) => {
    const { code, errors } = await start({ FAKE_DATABASE_URL: database.url, FAKE_PORT: '0', ...env }).ended()
    return { code, lines: lines(errors).filter((line) => !line.startsWith('applying')) }
  }

  test('on a taken port stops the start in one line that names the variable', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', () => resolve()))
    const { port } = other.address() as AddressInfo
    expect(await startAndFail({ FAKE_DEBUG_PORT: String(port) })).toEqual({
      code: 1,
      lines: [
        `The service cannot start: port ${port} is taken by another program: stop it, or set FAKE_DEBUG_PORT to a free port`,
      ],
    })
    await new Promise((resolve) => other.close(resolve))
  })

  test('on the port of the service stops it in one line that names both', async () => {
    const port = await ownPort()
    expect(await startAndFail({ FAKE_PORT: String(port), FAKE_DEBUG_PORT: String(port) })).toEqual({
      code: 1,
      lines: [
        `The service cannot start: FAKE_PORT and FAKE_DEBUG_PORT are both ${port}: set one of them to a free port`,
      ],
    })
  })

  test('on an address of another machine, or on none, stops it too', async () => {
    expect(await startAndFail({ FAKE_DEBUG_PORT: '0', DEBUG_HOST: '192.0.2.1' })).toEqual({
      code: 1,
      lines: [
        'The service cannot start: 192.0.2.1 is no address of this machine: set DEBUG_HOST to one that is',
      ],
    })
    expect(await startAndFail({ FAKE_HOST: '192.0.2.1' })).toEqual({
      code: 1,
      lines: [
        'The service cannot start: 192.0.2.1 is no address of this machine: set FAKE_HOST to one that is',
      ],
    })
    expect(await startAndFail({ FAKE_DEBUG_PORT: '0', DEBUG_HOST: 'everywhere' })).toEqual({
      code: 78,
      lines: [
        'The configuration has a fault:',
        '  DEBUG_HOST is "everywhere": must be an IP address; for example 127.0.0.1',
      ],
    })
  })
})

test('a database that does not answer stops the start in one line, which names it without its password', async () => {
  const { code, errors } = await start({ FAKE_DATABASE_URL: unreachable, FAKE_PORT: '0' }).ended()
  expect(code).toBe(1)
  const said = lines(errors)
  expect(said.pop()).toBe(
    'The service cannot start: postgres://ann:***@127.0.0.1:1/fakedb did not answer within 300 ms: connect ECONNREFUSED 127.0.0.1:1',
  )
  // None, where the first attempt takes as long on a busy machine.
  const waiting = 'waiting for postgres://ann:***@127.0.0.1:1/fakedb: connect ECONNREFUSED 127.0.0.1:1'
  expect([waiting].slice(0, said.length)).toEqual(said)
})

test('a wrong password stops the start at once, in one line', async () => {
  const url = new URL(database.url)
  url.password = 'wrong'
  const { code, errors } = await start({ FAKE_DATABASE_URL: url.href, FAKE_PORT: '0' }).ended()
  expect(code).toBe(1)
  expect(lines(errors)).toEqual([
    expect.stringMatching(/^The service cannot start: password authentication failed/),
  ])
})

describe('on a database that a newer build has migrated', () => {
  let newer: TestDatabase
  let env: Record<string, string>
  beforeEach(async () => {
    newer = await createTestDatabase()
    env = { FAKE_DATABASE_URL: newer.url, FAKE_PORT: '0' }
    await start(env, '--migrate').ended()
  })
  afterEach(() => newer.drop())
  const migrateFurther = async (name: string) => {
    const client = new Client(newer.url)
    await client.connect()
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
       VALUES (gen_random_uuid(), '', $1, now(), 1)`,
      [name],
    )
    await client.end()
  }

  test('a build starts, and says which migrations it does not know', async () => {
    await migrateFurther('20991231000000_future')
    const program = start(env)
    await program.port()
    program.child.kill('SIGTERM')
    const { code, errors } = await program.ended()
    expect(code).toBe(0)
    expect(errors).toContain(
      `the database is newer than this build, ${version}, which runs on it as it did before: it does not know 20991231000000_future`,
    )
  })

  test('it does not start where one took away what it uses', async () => {
    await migrateFurther('20991231000000_drop_things_needs_99_0')
    const { code, errors } = await start(env).ended()
    expect(code).toBe(1)
    expect(errors).toContain('They take away what this build uses: 20991231000000_drop_things_needs_99_0')
  })
})
