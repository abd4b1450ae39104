import { execFileSync } from 'node:child_process'
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import https from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import { docker, eventually, make, root, run, services } from './docker'

const project = 'ordinal-prod-check'
const port = 18_443
const environment = { COMPOSE_PROJECT_NAME: project, PUBLISH: String(port) }
const newVersion = 'check'
const ofProject = ['--filter', `label=com.docker.compose.project=${project}`]
const hosts = { numbers: 'numbers.localhost', users: 'users.localhost', orders: 'orders.localhost' }

let folder: string
let token: string
const agent = new https.Agent({ keepAlive: true })

const compose = (...args: string[]) =>
  run(
    'docker',
    [
      'compose',
      '--file',
      join(folder, 'docker-compose.prod.yml'),
      '--env-file',
      join(folder, '.env.prod'),
      ...args,
    ],
    environment,
  )

/** Asks through HAProxy, whose certificate is checked. */
function ask(
  host: string,
  method: string,
  path: string,
  body?: object,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const request = https.request({
      host: '127.0.0.1',
      port,
      servername: host,
      ca: readFileSync(join(folder, 'secrets/certificate.pem')),
      agent,
      method,
      path,
      headers: { host, authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    })
    request.on('error', reject)
    request.on('response', (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('end', () => resolve({ status: response.statusCode!, text }))
    })
    request.end(body && JSON.stringify(body))
  })
}

async function placeOrder(userId: number): Promise<string | null> {
  const order = { user_id: userId, product_id: 'PROD-1', quantity: 1, total_price: 1 }
  const { status, text } = await ask(hosts.orders, 'POST', '/api/v1/orders', order)
  if (status !== 201) throw new Error(`${status} ${text}`)
  return (JSON.parse(text) as { order_number: string | null }).order_number
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ordinal-prod-'))
  mkdirSync(join(folder, 'deploy'))
  cpSync(join(root, 'docker-compose.prod.yml'), join(folder, 'docker-compose.prod.yml'))
  cpSync(join(root, 'deploy/production'), join(folder, 'deploy/production'), { recursive: true })
  execFileSync(join(folder, 'deploy/production/secrets.sh'), [hosts.numbers, hosts.users, hosts.orders])
  const names = Object.values(hosts).map((host) => `DNS:${host}`)
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  execFileSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
    ...[
      '-subj',
      '/CN=check',
      '-addext',
      `subjectAltName=${names.join(',')}`,
      '-keyout',
      key,
      '-out',
      certificate,
    ],
  ])
  const pem = readFileSync(certificate, 'utf8') + readFileSync(key, 'utf8')
  writeFileSync(join(folder, 'secrets/certificate.pem'), pem, { mode: 0o444 })
  token = await new SignJWT({ sub: 'check', role: 'admin' })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuedAt()
    .setExpirationTime('1 hour')
    .sign(new TextEncoder().encode(readFileSync(join(folder, 'secrets/jwt_secret'), 'utf8')))
  await make('docker-build')
  for (const service of services) await docker('tag', `${service}:latest`, `${service}:${newVersion}`)
  await compose('build', 'haproxy', 'pgbouncer')
  await compose('up', '--detach', '--wait', '--wait-timeout', '180', '--no-build')
}, 1_200_000)
afterAll(async () => {
  agent.destroy()
  await compose('down', '--volumes', '--remove-orphans')
  await docker('image', 'rm', '--force', ...services.map((service) => `${service}:${newVersion}`))
  rmSync(folder, { recursive: true })
}, 120_000)

test('443 is all that is published, and only callers who are known get in', async () => {
  const ports = await docker('ps', ...ofProject, '--format', '{{.Ports}}')
  const published = ports.split('\n').filter((line) => line.includes('->'))
  expect(published).toEqual([expect.stringContaining(`${port}->8443`)])
  const known = token
  token = 'nobody'
  expect((await ask(hosts.numbers, 'POST', '/api/v1/next/SG', {})).status).toBe(401)
  token = known
  expect(await ask('other.localhost', 'GET', '/').catch((error: Error) => error.message)).toMatch(
    /altnames|421/,
  )
  expect((await ask(hosts.numbers, 'GET', '/metrics')).status).toBe(404)
})

test('orders get numbers through PgBouncer, and none fails while upgrade.sh replaces each instance', async () => {
  const { text } = await ask(hosts.users, 'POST', '/api/v1/users', {
    email: 'a@example.com',
    name: 'Ada',
    age: 36,
  })
  const { id } = JSON.parse(text) as { id: number }
  const numbers: (string | null)[] = []
  let stopping = false
  const placing = (async () => {
    while (!stopping) numbers.push(await placeOrder(id))
  })()
  appendFileSync(join(folder, '.env.prod'), `VERSION=${newVersion}\n`)
  const said = await run(join(folder, 'deploy/production/upgrade.sh'), [], environment)
  stopping = true
  await placing
  const instances = services.flatMap((service) => [`${service}-1`, `${service}-2`])
  for (const instance of instances) expect(said).toContain(`${instance} is replaced`)
  const images = await docker('ps', ...ofProject, '--format', '{{.Image}}')
  expect(images.split('\n').filter((image) => image.endsWith(`:${newVersion}`))).toHaveLength(
    instances.length,
  )
  expect(numbers.length).toBeGreaterThan(50)
  expect(new Set(numbers).size).toBe(numbers.length)
  expect(numbers).not.toContain(null)
}, 300_000)

test('the role of a service owns nothing, and each database has a backup and its WAL', async () => {
  const sql = (query: string) =>
    compose(
      'exec',
      '-T',
      'sequencer-db',
      'psql',
      '--username=postgres',
      '--dbname=sequencerdb',
      '-AtX',
      '--command',
      query,
    )
  expect(await sql(`SELECT count(*) FROM pg_tables WHERE tableowner = 'sequencer'`)).toBe('0')
  expect(await sql(`SELECT active FROM pg_replication_slots WHERE slot_name = 'backup'`)).toBe('t')
  for (const service of ['user', 'order', 'sequencer'])
    await eventually(
      () => compose('exec', '-T', `${service}-backup`, 'sh', '-c', 'cd /var/lib/postgresql && ls base wal'),
      (files) => /^\d{8}T\d{6}Z$/m.test(files) && /^[0-9A-F]{24}/m.test(files),
      60_000,
    )
}, 200_000)
