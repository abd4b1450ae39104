import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { comparable, stepsOf } from '@ordinal/testing'
import { createUser, get, placeOrder, placeOrdersUntilStopped, urls } from './calls'
import {
  compose,
  containerOf,
  docker,
  eventually,
  inspect,
  leftovers,
  make,
  project,
  root,
  run,
  services,
  sql,
  statusOfFirstProcess,
} from './docker'

const bounds = { imageMb: 60, healthySeconds: 60, idleMb: 120, stopMs: 2_000 }

const calls = stepsOf(readFileSync(join(root, 'README.md'), 'utf8')).filter(({ command }) =>
  command.startsWith('curl'),
)
const containers = async () =>
  (
    await docker('ps', '--filter', `label=com.docker.compose.project=${project}`, '--format', '{{.Names}}')
  ).split('\n')

/** Stops a container, and gives how long that took and its exit code. */
async function stop(container: string) {
  const startedAt = performance.now()
  await docker('stop', '--time', '10', container)
  const ms = Math.round(performance.now() - startedAt)
  return { ms, exitCode: await inspect<number>(container, '.State.ExitCode') }
}

const startAgain = () => compose('up', '--detach', '--wait', '--no-build', '--no-recreate')

beforeAll(async () => {
  for (const url of Object.values(urls)) {
    const taken = await fetch(url).then(
      () => true,
      () => false,
    )
    if (taken) throw new Error(`${url} is taken: stop what listens there (make docker-down)`)
  }
  await compose('--profile', '*', 'down', '--volumes', '--remove-orphans')
  await make('docker-build')
}, 1_200_000)
afterAll(() => compose('--profile', '*', 'down', '--volumes', '--remove-orphans'), 120_000)

describe.each(services)('the image of %s', (service) => {
  test(`has at most ${bounds.imageMb} MB on top of its base`, async () => {
    const history = await docker(
      'history',
      '--human=false',
      '--no-trunc',
      '--format',
      '{{.Size}} {{.CreatedBy}}',
      service,
    )
    const layers = history.split('\n')
    // The last line of Node's own image.
    const ours = layers.slice(
      0,
      layers.findIndex((layer) => /CMD \["node"\]/.test(layer)),
    )
    const bytes = ours.reduce((sum, layer) => sum + Number(layer.split(' ')[0]), 0)
    process.stdout.write(`${service}: ${(bytes / 1e6).toFixed(1)} MB on top of the base\n`)
    expect(bytes).toBeGreaterThan(1e6)
    expect(bytes).toBeLessThan(bounds.imageMb * 1e6)
  })

  test('has neither a package manager nor packages', async () => {
    const look = 'command -v npm npx yarn corepack; find / -xdev -name node_modules; true'
    expect(await docker('run', '--rm', '--network', 'none', service, 'sh', '-c', look)).toBe('')
  })

  test('says in lines what is wrong with its configuration', async () => {
    const variable = `${service.replace('-', '_').toUpperCase()}_LOG_LEVEL`
    const started = docker('run', '--rm', '--network', 'none', '--env', `${variable}=loud`, service)
    await expect(started).rejects.toThrow(variable)
  })
})

describe('make docker-up', () => {
  test(`everything is healthy in under ${bounds.healthySeconds} s, and it says where`, async () => {
    const startedAt = performance.now()
    const said = await make('docker-up')
    const seconds = (performance.now() - startedAt) / 1000
    process.stdout.write(`healthy after ${seconds.toFixed(1)} s\n`)
    expect(seconds).toBeLessThan(bounds.healthySeconds)
    for (const port of [8081, 8082, 8083, 9090]) expect(said).toContain(`http://localhost:${port}`)
    for (const port of [50052, 50053]) expect(said).toMatch(new RegExp(`gRPC +localhost:${port} `))
  })

  test.each(calls.map(({ command, answer }) => [command, answer] as const))('%s', async (command, answer) => {
    const printed = await run('bash', ['-c', command])
    if (answer !== undefined) expect(comparable(printed)).toEqual(comparable(answer))
  })

  test('make health and make db-metrics show each service', async () => {
    expect((await make('health')).match(/"status":"ok"/g)).toHaveLength(3)
    expect((await make('db-metrics')).match(/"waiting":0/g)).toHaveLength(3)
  })

  test('every container is read-only, without capabilities, and not root', async () => {
    const names = await containers()
    expect(names.length).toBeGreaterThanOrEqual(8)
    for (const name of names) {
      const { CapEff, CapBnd, NoNewPrivs, Uid } = await statusOfFirstProcess(name)
      const readOnly = await inspect<boolean>(name, '.HostConfig.ReadonlyRootfs')
      expect({ name, readOnly, CapEff, CapBnd, NoNewPrivs }).toEqual({
        name,
        readOnly: true,
        CapEff: '0000000000000000',
        CapBnd: '0000000000000000',
        NoNewPrivs: '1',
      })
      expect(Uid).not.toMatch(/\b0\b/)
    }
  })

  test('what is published is reachable from this machine only', async () => {
    for (const name of await containers()) {
      const ports = await inspect<Record<string, { HostIp: string }[] | null>>(name, '.NetworkSettings.Ports')
      for (const { HostIp } of Object.values(ports).flatMap((bindings) => bindings ?? []))
        expect(HostIp).toBe('127.0.0.1')
    }
  })

  test.each(services)(`an idle %s takes less than ${bounds.idleMb} MB`, async (service) => {
    const { VmRSS } = await statusOfFirstProcess(containerOf(service))
    process.stdout.write(`${service}: ${VmRSS}\n`)
    expect(Number.parseInt(VmRSS!)).toBeLessThan(bounds.idleMb * 1024)
  })

  test('no service can do more with its database than it needs', async () => {
    const roles = `SELECT DISTINCT usename, rolsuper FROM pg_stat_activity JOIN pg_roles ON usename = rolname
                   WHERE datname = current_database() AND pid <> pg_backend_pid()`
    expect(await sql('user', roles)).toEqual([['user_service', 'f']])
    expect(await sql('order', roles)).toEqual([['order_service', 'f']])
    expect(await sql('sequencer', roles)).toEqual([['sequencer', 'f']])
    expect(
      await sql(
        'sequencer',
        `SELECT has_table_privilege('sequencer', 'ledger', 'INSERT, UPDATE, DELETE, TRUNCATE')`,
      ),
    ).toEqual([['f']])
  })

  test('Prometheus reaches every service', async () => {
    const targets = 'http://localhost:9090/api/v1/targets'
    type Target = { health: string; lastError: string }
    const seen = await eventually(
      async () => (await get(targets)).data.activeTargets as Target[],
      (targets) => targets.length >= 3 && targets.every(({ health }) => health === 'up'),
      60_000,
    )
    expect(seen.map(({ lastError }) => lastError).filter(Boolean)).toEqual([])
  })

  test('Prometheus has all rules, and can evaluate them', async () => {
    const files = readdirSync(join(root, 'monitoring/rules')).filter((file) => file.endsWith('.rules.yml'))
    type Group = { file: string; rules: { name: string; health: string }[] }
    const groups = async () => (await get('http://localhost:9090/api/v1/rules')).data.groups as Group[]
    const notGood = (groups: Group[]) =>
      groups.flatMap(({ rules }) => rules).filter(({ health }) => health !== 'ok')
    const seen = await eventually(groups, (groups) => notGood(groups).length === 0, 60_000)
    expect(new Set(seen.map(({ file }) => basename(file)))).toEqual(new Set(files))
  })

  test.each(services)('the health command of %s tells when its database is away', async (service) => {
    const [, ...command] = await inspect<string[]>(service, '.Config.Healthcheck.Test')
    const ask = () =>
      docker('exec', containerOf(service), ...command).then(
        () => 'healthy',
        () => 'unhealthy',
      )
    const database = containerOf(service.replace('-service', '') + '-db')
    expect(await ask()).toBe('healthy')
    await docker('pause', database)
    // Concurrent health requests share one answer.
    await eventually(ask, (state) => state === 'unhealthy', 10_000).finally(() => docker('unpause', database))
    await eventually(ask, (state) => state === 'healthy', 30_000)
    // compose --wait gives up at once on what is unhealthy.
    const healthOf = (container: string) => inspect<string>(container, '.State.Health.Status')
    for (const container of [database, containerOf(service)])
      await eventually(
        () => healthOf(container),
        (state) => state === 'healthy',
        30_000,
      )
  })
})

describe('stopping', () => {
  beforeAll(startAgain, 120_000)

  test(`requests under way at SIGTERM are answered, and the container ends within ${bounds.stopMs} ms`, async () => {
    const userId = await createUser('under-way@example.com')
    await placeOrder(userId, 'warm-up')
    // Holds up every order until we let go.
    const lock = `mode = 'AccessExclusiveLock' AND granted AND relation = 'orders'::regclass`
    const held = sql('order', 'BEGIN; LOCK TABLE orders; SELECT pg_sleep(60)').catch(() => {})
    const letGo = () => sql('order', `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE ${lock}`)
    await eventually(
      () => sql('order', `SELECT count(*) FROM pg_locks WHERE ${lock}`),
      ([row]) => row![0] === '1',
      10_000,
    )
    const orders = Promise.all(
      Array.from({ length: 8 }, (_, index) => placeOrder(userId, `under-way-${index}`)),
    )
    const inFlight = async () => {
      const metrics = await fetch(`${urls.orders}/metrics`).then((answer) => answer.text())
      return Number(/^order_service_requests_in_flight (\d+)/m.exec(metrics)![1])
    }
    await eventually(inFlight, (count) => count >= 8, 10_000)

    const [{ ms, exitCode }] = await Promise.all([stop(containerOf('order-service')), delay(500).then(letGo)])
    await held
    process.stdout.write(`order-service stopped after ${ms} ms, with eight requests under way\n`)
    expect((await orders).map(({ status }) => status)).toEqual(Array(8).fill(201))
    expect(exitCode).toBe(0)
    expect(ms).toBeLessThan(bounds.stopMs)
    // Less would mean that no request was under way.
    expect(ms).toBeGreaterThan(500)
    await startAgain()
  })

  test('under load, every service stops in time and starts again, and no order is lost or doubled', async () => {
    const userId = await createUser('load@example.com')
    const [[before]] = (await sql('order', 'SELECT count(*) FROM orders')) as [[string]]
    const load = placeOrdersUntilStopped(userId, 6)
    for (const service of services) {
      const { ms, exitCode } = await stop(containerOf(service))
      process.stdout.write(`${service} stopped after ${ms} ms under load\n`)
      expect({ service, exitCode }).toEqual({ service, exitCode: 0 })
      expect(ms).toBeLessThan(bounds.stopMs)
      await startAgain()
    }
    const acknowledged = await load.stop()
    process.stdout.write(
      `${acknowledged.size} orders, ${load.disturbances()} calls that had to be repeated\n`,
    )
    // Else nothing was stopped under load.
    expect(load.disturbances()).toBeGreaterThan(0)

    // A circuit breaker of the order service is open for half a minute.
    await eventually(
      () => sql('order', 'SELECT count(*) FROM orders WHERE order_number IS NULL'),
      ([row]) => row![0] === '0',
      90_000,
    )
    const rows = await sql('order', `SELECT id, right(order_number, 6)::int FROM orders ORDER BY 2`)
    expect(rows).toHaveLength(Number(before) + acknowledged.size)
    expect(rows.map(([, number]) => Number(number))).toEqual(rows.map((_, index) => index + 1))
    const ids = new Set(rows.map(([id]) => Number(id)))
    expect([...acknowledged.values()].filter((id) => !ids.has(id))).toEqual([])
  })

  test('an order survives make docker-down and make docker-up', async () => {
    const userId = await createUser('survivor@example.com')
    const { body: order } = await placeOrder(userId, 'survivor')
    await make('docker-down')
    expect(await docker('ps', '--quiet', '--filter', `label=com.docker.compose.project=${project}`)).toBe('')
    await make('docker-up')
    // Not its status: orders are confirmed in the background.
    const { id, order_number, reference, created_at } = order
    const survivor = await get(`${urls.orders}/api/v1/orders/${order.id}`)
    expect(survivor).toMatchObject({ id, order_number, reference, created_at })
  })
})

describe('databases of your own', () => {
  const external = `${project}-external-db`
  const hostile = 'q@s:/#%w'
  const url = (database: string, role = 'app') =>
    `postgres://${role}:${encodeURIComponent(hostile)}@${external}:5432/${database}`
  const environment = {
    COMPOSE_FILE: 'docker-compose.yml:docker-compose.external-databases.yml',
    USER_SERVICE_DATABASE_URL: url('userdb'),
    ORDER_SERVICE_DATABASE_URL: url('orderdb'),
    SEQUENCER_DATABASE_URL: url('sequencerdb'),
  }
  const psql = (command: string) =>
    docker('exec', external, 'psql', '--username=postgres', '-AtX', '--command', command)

  beforeAll(async () => {
    await make('docker-down')
    // It makes the network.
    await compose('up', '--detach', 'redis')
    const network = ['--network', `${project}_default`]
    await docker(
      'run',
      '--detach',
      '--name',
      external,
      ...network,
      '--env',
      'POSTGRES_PASSWORD=x',
      'postgres:18-alpine',
    )
    await eventually(
      // By TCP: while the image prepares the database, it listens on its socket only.
      () =>
        docker('exec', external, 'pg_isready', '--host=127.0.0.1').then(
          () => 'up',
          () => '',
        ),
      (said) => said === 'up',
      30_000,
    )
    await psql(`CREATE ROLE app LOGIN PASSWORD '${hostile}'`)
    for (const database of ['userdb', 'orderdb', 'sequencerdb', 'together'])
      await psql(`CREATE DATABASE ${database} OWNER app`)
  })
  afterAll(() => docker('rm', '--force', '--volumes', external))

  test('three instances that start at once on an empty database bring it to the schema', async () => {
    const migrate = (service: string) =>
      docker(
        'run',
        '--rm',
        '--network',
        `${project}_default`,
        '--env',
        `ORDER_SERVICE_DATABASE_URL=${url('together')}`,
        service,
        'node',
        'main.js',
        '--migrate',
      )
    const said = await Promise.all([1, 2, 3].map(() => migrate('order-service')))
    expect(said).toEqual(Array(3).fill('The database has the schema of this build.'))
  })

  test('a role that is not superuser is enough for everything', async () => {
    await make('docker-up', environment)
    expect((await containers()).filter((name) => name.endsWith('-db-1'))).toEqual([])
    const { status, body } = await placeOrder(await createUser('external@example.com'), 'external')
    expect({ status, number: body.order_number }).toEqual({
      status: 201,
      number: expect.stringMatching(/^ORD-/),
    })
    expect(await psql(`SELECT rolsuper FROM pg_roles WHERE rolname = 'app'`)).toBe('f')
  })
})

test('make docker-clean leaves nothing', async () => {
  expect(await leftovers()).not.toEqual([])
  await make('docker-clean')
  expect(await leftovers()).toEqual([])
})
