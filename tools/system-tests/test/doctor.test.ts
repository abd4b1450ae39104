import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import { Client, escapeIdentifier as id } from 'pg'
import { createAuthority, createCertificateFolder, ownAddress, until } from '@ordinal/testing'
import { ask, createUser, eventually, orderOf, placeOrder, upTo } from '../src/calls'
import { query } from '../src/databases'
import { createService, root, type Environment, type ServiceProcess } from '../src/service'
import { API_KEYS, apiKey, startSystem, type System } from '../src/system'

const secret = 'a secret of this test, and of nothing else'
const program = join(root, 'packages/cli/dist/main.js')
const signingKey = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' })

interface Finding {
  severity: string
  check: string
  service: string
  found: string
  action: string
}
interface Report {
  healthy: boolean
  findings: Finding[]
}

let home: string
let system: System
let token: string
let checkpoint: string
const more: ServiceProcess[] = []

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'ordinal-doctor-'))
  checkpoint = join(home, 'checkpoint')
  token = await new SignJWT({ sub: 'anna', role: 'admin' })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(secret))
  system = await startSystem({
    JWT_SECRET: secret,
    JWT_MAX_LIFETIME: '7200',
    SEQUENCER_SIGNING_KEY: String(signingKey),
    USER_SERVICE_DB_POOL_SIZE: '2',
  })
})
afterAll(async () => {
  rmSync(home, { recursive: true })
  await Promise.all(more.map((service) => service.remove()))
  await system.stop()
})

async function askAsAnna(method: string, path: string, body?: object) {
  const answer = await fetch(system.sequencer.url + path, {
    method,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

/** Runs the program as a shell does, and gives what it reports. */
function doctor(environment: Environment = {}, args: string[] = []) {
  return new Promise<{ code: number; report: Report; err: string }>((resolve) =>
    execFile(
      process.execPath,
      [program, '--json', 'doctor', ...args],
      {
        env: {
          PATH: process.env.PATH,
          HOME: home,
          ORDINAL_USERS_URL: system.users.url,
          ORDINAL_ORDERS_URL: system.orders.url,
          ORDINAL_SEQUENCER_URL: system.sequencer.url,
          ORDINAL_TOKEN: token,
          ...environment,
        },
      },
      (error, out, err) =>
        resolve({
          code: typeof error?.code === 'number' ? error.code : 0,
          report: (out ? JSON.parse(out) : { findings: [] }) as Report,
          err,
        }),
    ),
  )
}

const checksOf = ({ findings }: Report) => findings.map(({ check, service }) => `${check} of ${service}`)

test('a healthy installation has nothing to be done', async () => {
  await createUser(system)
  await placeOrder(system, 1)
  const kept = await askAsAnna('GET', '/api/v1/audit/checkpoints')
  writeFileSync(checkpoint, String(kept.body.checkpoint))
  // What a pause of this machine may show is over a moment later.
  const { code, report, err } = await eventually(
    () => doctor({}, ['--checkpoint', checkpoint]),
    ({ report }) => report.findings.length === 0,
  )
  expect([err, report.findings, report.healthy, code]).toEqual(['', [], true, 0])
})

test('without the right to look inside, it says so', async () => {
  const { code, report } = await doctor({ ORDINAL_TOKEN: '', ORDINAL_API_KEY: apiKey }, [
    '--checkpoint',
    checkpoint,
  ])
  expect([code, checksOf(report).sort()]).toEqual([
    1,
    ['unseen of order-service', 'unseen of sequencer', 'unseen of user-service'],
  ])
})

test('callers that wait for a connection are found', async () => {
  const blocker = new Client(system.databases.users.adminUrl)
  await blocker.connect()
  await blocker.query('BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE')
  let blocked = true
  // Nobody waits for longer than a request may: then they ask again.
  const waiting = upTo(6).map(async (n) => {
    const user = { email: `w${n}@example.com`, name: 'Ada', age: 36 }
    while (blocked) await ask(system.users, 'POST', '/api/v1/users', user)
  })
  try {
    await until(async () => (await ask(system.users, 'GET', '/metrics/db')).body.waiting > 0)
    // The last look may be shared for a second.
    const looked = () => doctor().then(({ report }) => checksOf(report))
    await eventually(looked, (checks) => checks.includes('pool of user-service'))
  } finally {
    blocked = false
    await blocker.end()
    await Promise.all(waiting)
  }
})

test('a service that is frozen, and one that is not there, keep it no longer than their limits', async () => {
  system.sequencer.freeze()
  try {
    const { code, report } = await doctor({ ORDINAL_USERS_URL: 'http://127.0.0.1:1' }, [])
    expect([code, checksOf(report).sort()]).toEqual([7, ['away of user-service', 'slow of sequencer']])
    // One of the ports that fetch refuses.
    expect(report.findings.find(({ check }) => check === 'away')?.found).toContain('so it was not asked')
  } finally {
    system.sequencer.thaw()
  }
})

test('one service in the place of another is found, and not taken for it', async () => {
  const { code, report } = await doctor({
    ORDINAL_ORDERS_URL: system.users.url,
    ORDINAL_SEQUENCER_URL: system.orders.url,
  })
  expect([code, checksOf(report).sort(), report.findings.map(({ found }) => found).sort()]).toEqual([
    7,
    ['other_service of order-service', 'other_service of sequencer'],
    ['order-service answers at its address', 'user-service answers at its address'],
  ])
})

test('an answer without an end, as anybody may give, is read no further than a service would speak', async () => {
  let sent = 0
  const piece = ' '.repeat(65_536)
  const server = createServer(({ url }, response) => {
    if (url !== '/health') return void response.writeHead(404).end()
    response.writeHead(200, { 'Content-Type': 'application/json' })
    const more = () => {
      do sent += piece.length
      while (!response.destroyed && response.write(piece))
    }
    response.on('drain', more)
    return more()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { report } = await doctor({ ORDINAL_USERS_URL: url })
  server.close()
  const found = report.findings.find(({ check, service }) => check === 'away' && service === 'user-service')
  expect(found?.found).toContain('its answer is longer than 65536 bytes')
  // What is on its way when the connection ends, and no more.
  expect(sent).toBeLessThan(32_000_000)
})

test('what is wrong with a process is found: clock, version, certificate, an open door, an open breaker', async () => {
  const shift = join(home, 'shift.js')
  writeFileSync(
    shift,
    'const now = Date.now; const of = Date; Date.now = () => now() + 300000;' +
      'globalThis.Date = class extends of { constructor(...given) { given.length ? super(...given) : super(Date.now()) } }',
  )
  const orders = await createService('order-service', {
    ...system.databases.orders.environment,
    API_KEYS,
    JWT_SECRET: secret,
    JWT_MAX_LIFETIME: '7200',
    NODE_ENV: 'production',
    REQUIRE_AUTHENTICATION: 'false',
    NODE_OPTIONS: `--require ${shift}`,
    ORDER_SERVICE_USER_SERVICE_URL: 'http://127.0.0.1:1',
    ORDER_SERVICE_SEQUENCER_URL: system.sequencer.url,
    ORDER_SERVICE_API_KEY: apiKey,
  })
  more.push(orders)
  const older = join(home, 'user-service')
  cpSync(join(root, 'dist/apps/user-service'), older, { recursive: true })
  const bundle = join(older, 'main.js')
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  writeFileSync(bundle, readFileSync(bundle, 'utf8').replaceAll(`"${version}"`, '"0.0.1"'))
  const authority = await createAuthority()
  const soon = new Date(Date.now() + 3 * 86_400_000)
  const folder = await createCertificateFolder({
    ...(await authority.issue({ hosts: [ownAddress], validTo: soon })),
    ca: authority.cert,
  })
  const users = await createService(
    'user-service',
    {
      ...system.databases.users.environment,
      API_KEYS,
      JWT_SECRET: secret,
      JWT_MAX_LIFETIME: '7200',
      USER_SERVICE_TLS_CERT_FILE: folder.certFile,
      USER_SERVICE_TLS_KEY_FILE: folder.keyFile,
    },
    older,
  )
  more.push(users)
  await orders.start()
  users.launch()
  await users.says('"listening"')
  // Five failures in a row open it.
  for (const n of upTo(6)) await ask(orders, 'POST', '/api/v1/orders', orderOf(1000 + n))

  const { code, report } = await doctor({
    ORDINAL_ORDERS_URL: orders.url,
    ORDINAL_USERS_URL: users.url.replace('http:', 'https:'),
    NODE_EXTRA_CA_CERTS: folder.caFile,
  })
  const checks = checksOf(report)
  expect(code).toBe(7)
  expect(checks).toEqual(
    expect.arrayContaining([
      'clock of order-service',
      'database_clock of order-service',
      'authentication of order-service',
      'breaker of order-service',
      'versions of all',
      'certificate of user-service',
    ]),
  )
})

test('what is wrong with databases is found, each fault by its name', async () => {
  const { users, orders, sequencer } = system.databases
  const rules = { prefix: 'LOT', template: '{prefix}{seq:3}', reset: 'never', start: 1, end: 3, warn_at: 2 }
  const made = await askAsAnna('POST', '/api/v1/sequences', rules)
  expect(made.status).toBe(201)
  await ask(system.sequencer, 'POST', '/api/v1/next/LOT', { count: 2 })
  const role = new URL(sequencer.environment.SEQUENCER_DATABASE_URL!).username
  const database = new URL(users.adminUrl).pathname.slice(1)

  await query(sequencer, `ALTER ROLE ${id(decodeURIComponent(role))} CREATEROLE`)
  // The one that would have kept the row as it was.
  await query(
    sequencer,
    `ALTER TABLE ledger DISABLE TRIGGER USER; UPDATE ledger SET client_id = 'nobody' WHERE prefix = 'LOT'`,
  )
  await query(
    orders,
    `INSERT INTO dead_events (consumer, event, reason, attempts) VALUES ('confirm-orders', '{}', 'planted', 10)`,
  )
  await query(
    orders,
    `INSERT INTO outbox (subject, event, created_at, deliver_after)
     VALUES ('planted', '{}', now() - interval '1 hour', now() + interval '1 hour')`,
  )
  await query(
    orders,
    `UPDATE orders SET order_number = NULL, created_at = now() - interval '1 hour', numbering_after = now() + interval '1 hour'
     WHERE id = (SELECT min(id) FROM orders)`,
  )
  await query(
    orders,
    `WITH made AS (
       INSERT INTO webhooks (url, event_types, description, secret, created_by, enabled, off_reason, off_at)
       VALUES ('http://127.0.0.1:1', '{order.created}', 'off', 'whsec_', 'anna', false, 'failing', now()),
         ('http://127.0.0.1:1', '{order.created}', 'on', 'whsec_', 'anna', true, NULL, NULL),
         ('http://127.0.0.1:1', '{order.created}', 'by hand', 'whsec_', 'anna', false, 'requested', now())
       RETURNING id, enabled)
     INSERT INTO webhook_deliveries (webhook_id, event_id, event_type, subject, sequence, event, due_at, first_failed_at)
     SELECT id, 'planted', 'order.created', 'planted', '1', '{}', now() + interval '1 hour', now() - interval '1 hour'
     FROM made WHERE enabled`,
  )
  await query(
    users,
    `DELETE FROM _prisma_migrations WHERE migration_name = (SELECT max(migration_name) FROM _prisma_migrations)`,
  )
  await query(users, `ALTER DATABASE ${id(database)} SET synchronous_commit = off`)
  // For the connections from now on.
  await query(
    users,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
  )
  await eventually(() => system.users.isReady(), Boolean)

  const all = [
    'chains of sequencer',
    'dead_letters of order-service',
    'events_waiting of order-service',
    'orders_without_number of order-service',
    'range of sequencer',
    'role of sequencer',
    'schema_altered of sequencer',
    'schema_behind of user-service',
    'synchronous_commit of user-service',
    'webhook_off of order-service',
    'webhook_waiting of order-service',
  ]
  // The last look may be shared for a second, and a busy machine shows something else for a moment.
  const { code, report } = await eventually(
    () => doctor({}, ['--checkpoint', checkpoint]),
    ({ report }) => checksOf(report).sort().join() === all.join(),
  )
  expect(code).toBe(7)
  for (const { action, found } of report.findings) expect([found, action]).not.toContain('')
})
