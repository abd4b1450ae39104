import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import https from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import { docker, make, root, run, services } from './docker'

export const hosts = { numbers: 'numbers.localhost', users: 'users.localhost', orders: 'orders.localhost' }
export const project = 'ordinal-prod-check'
export const port = 18_443
/** The version that `upgrade.sh` goes to. */
export const newVersion = 'check'
const environment = { COMPOSE_PROJECT_NAME: project, PUBLISH: String(port) }

export type Production = Awaited<ReturnType<typeof startProduction>>

/** Starts docker-compose.prod.yml in a folder of its own, as docs/operations/install.md says. */
export async function startProduction() {
  const folder = mkdtempSync(join(tmpdir(), 'ordinal-prod-'))
  makeFolder(folder)
  makeCertificate(folder)
  const certificate = join(folder, 'secrets/certificate.pem')
  const token = await new SignJWT({ sub: 'check', role: 'admin' })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuedAt()
    .setExpirationTime('1 hour')
    .sign(new TextEncoder().encode(readFileSync(join(folder, 'secrets/jwt_secret'), 'utf8')))
  const agent = new https.Agent({ keepAlive: true })

  /** Runs a program of the folder, or the shell there. */
  const inFolder = (program: string, ...args: string[]) => run(program, args, environment, folder)
  const compose = (...args: string[]) =>
    inFolder('docker', 'compose', '--file', 'docker-compose.prod.yml', '--env-file', '.env.prod', ...args)

  /** Asks through HAProxy, whose certificate is checked. */
  function ask(host: string, method: string, path: string, body?: object, bearer = token): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = https.request({
        host: '127.0.0.1',
        port,
        servername: host,
        ca: readFileSync(certificate),
        agent,
        method,
        path,
        headers: { host, authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
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
  /** As `ask`, of what is answered well. */
  async function get<T>(host: string, method: string, path: string, body?: object): Promise<T> {
    const { status, text } = await ask(host, method, path, body)
    if (status >= 300) throw new Error(`${status} ${text}`)
    return JSON.parse(text) as T
  }

  async function stop(): Promise<void> {
    agent.destroy()
    await compose('down', '--volumes', '--remove-orphans')
    await docker('image', 'rm', '--force', ...services.map((service) => `${service}:${newVersion}`))
    rmSync(folder, { recursive: true })
  }
  try {
    await make('docker-build')
    for (const service of services) await docker('tag', `${service}:latest`, `${service}:${newVersion}`)
    await compose('build', 'haproxy', 'pgbouncer')
    await compose('up', '--detach', '--wait', '--wait-timeout', '180', '--no-build')
  } catch (error) {
    await stop()
    throw error
  }

  return {
    folder,
    token,
    inFolder,
    compose,
    ask,
    get,
    createUser: async (email: string) =>
      (await get<{ id: number }>(hosts.users, 'POST', '/api/v1/users', { email, name: 'Ada', age: 36 })).id,
    /** Gives the number of the order. */
    placeOrder: async (userId: number) => {
      const order = { user_id: userId, product_id: 'PROD-1', quantity: 1, total_price: 1 }
      return (await get<{ order_number: string | null }>(hosts.orders, 'POST', '/api/v1/orders', order))
        .order_number
    },
    /** What the superuser of the ledger's database gets for a query. */
    sql: (query: string) =>
      compose(
        ...['exec', '-T', 'sequencer-db', 'psql', '--username=postgres', '--dbname=sequencerdb'],
        ...['-AtX', '--command', query],
      ),
    stop,
  }
}

interface Answer {
  status: number
  text: string
}

function makeFolder(folder: string): void {
  mkdirSync(join(folder, 'deploy'))
  cpSync(join(root, 'docker-compose.prod.yml'), join(folder, 'docker-compose.prod.yml'))
  cpSync(join(root, 'deploy/production'), join(folder, 'deploy/production'), { recursive: true })
  execFileSync(join(folder, 'deploy/production/secrets.sh'), Object.values(hosts))
  // Where the sequencer, whose account is another one, replaces the checkpoint.
  chmodSync(join(folder, 'checkpoints'), 0o777)
  writeFileSync(join(folder, 'checkpoints/last.jws'), 'none\n')
  appendFileSync(join(folder, '.env.prod'), 'SEQUENCER_KEPT_CHECKPOINT=/checkpoints/last.jws\n')
}

function makeCertificate(folder: string): void {
  const names = Object.values(hosts).map((host) => `DNS:${host}`)
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  execFileSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
    ...['-subj', '/CN=check', '-addext', `subjectAltName=${names.join(',')}`],
    ...['-keyout', key, '-out', certificate],
  ])
  const pem = readFileSync(certificate, 'utf8') + readFileSync(key, 'utf8')
  writeFileSync(join(folder, 'secrets/certificate.pem'), pem, { mode: 0o444 })
}
