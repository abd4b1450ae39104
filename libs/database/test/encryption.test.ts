import { once } from 'node:events'
import { chmod, chown, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { generate } from 'selfsigned'
import { startTestPostgres, until, type TestPostgres } from '@ordinal/testing'
import { DatabaseClient } from '../src'
import { openPool } from './open-pool'

// What each sslmode of libpq gives: https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION
const servers = ['both', 'only TLS', 'only clear text', 'no TLS'] as const
type Server = (typeof servers)[number]
const clear = 'clear'
const tls = 'tls'
const refused = 'refused'
const expected: Record<string, Record<Server, string>> = {
  disable: { both: clear, 'only TLS': refused, 'only clear text': clear, 'no TLS': clear },
  allow: { both: clear, 'only TLS': tls, 'only clear text': clear, 'no TLS': clear },
  prefer: { both: tls, 'only TLS': tls, 'only clear text': clear, 'no TLS': clear },
  require: { both: tls, 'only TLS': tls, 'only clear text': refused, 'no TLS': refused },
  'verify-ca&sslrootcert=CA': {
    both: tls,
    'only TLS': tls,
    'only clear text': refused,
    'no TLS': refused,
  },
  'verify-full&sslrootcert=CA': {
    both: tls,
    'only TLS': tls,
    'only clear text': refused,
    'no TLS': refused,
  },
}

let folder: string
let postgres: TestPostgres
beforeAll(async () => {
  postgres = await startTestPostgres()
  const admin = new DatabaseClient({ connectionString: postgres.url('postgres') })
  await admin.connect()
  await admin.query('CREATE DATABASE app')
  await admin.end()
  const { uid, gid } = await stat(postgres.dataFolder)
  folder = await mkdtemp(join(tmpdir(), 'ordinal-certificates-'))
  await chmod(folder, 0o755)
  const put = async (name: string, content: string) => {
    await writeFile(join(folder, name), content, { mode: 0o600 })
    await chown(join(folder, name), uid, gid)
  }
  const host = new URL(postgres.url('postgres')).hostname
  const kind = { keyType: 'ec', algorithm: 'sha256' } as const
  const authority = await generate([{ name: 'commonName', value: 'An authority' }], {
    ...kind,
    extensions: [{ name: 'basicConstraints', cA: true, critical: true }],
  })
  const stranger = await generate([{ name: 'commonName', value: 'Another authority' }], kind)
  const certificate = (altName: { type: 7; ip: string } | { type: 2; value: string }) =>
    generate([{ name: 'commonName', value: 'The server' }], {
      ...kind,
      ca: { key: authority.private, cert: authority.cert },
      extensions: [{ name: 'subjectAltName', altNames: [altName] }],
    })
  const server = await certificate({ type: 7, ip: host })
  const elsewhere = await certificate({ type: 2, value: 'elsewhere.example' })
  await put('ca.crt', authority.cert)
  await put('stranger.crt', stranger.cert)
  await put('server.crt', server.cert)
  await put('server.key', server.private)
  await put('elsewhere.crt', elsewhere.cert)
  await put('elsewhere.key', elsewhere.private)
  // What starts the server asks whether it is there.
  const others = 'host postgres all all trust\n'
  await put('both.hba', `${others}host app all all trust\n`)
  await put('tls.hba', `${others}hostssl app all all trust\n`)
  await put('clear.hba', `${others}hostnossl app all all trust\n`)
})
afterAll(async () => {
  await postgres.remove()
  await rm(folder, { recursive: true })
})

/** Starts the server with a certificate and rules of its own. */
async function become(server: Server, certificate = 'server'): Promise<void> {
  const rules = { both: 'both', 'only TLS': 'tls', 'only clear text': 'clear', 'no TLS': 'both' }
  await postgres.restart({
    ssl: server === 'no TLS' ? 'off' : 'on',
    ssl_cert_file: join(folder, `${certificate}.crt`),
    ssl_key_file: join(folder, `${certificate}.key`),
    hba_file: join(folder, `${rules[server]}.hba`),
  })
}

const urlWith = (parameters: string) =>
  `${postgres.url('app')}?sslmode=${parameters.replace(/=CA$/, `=${join(folder, 'ca.crt')}`)}`

const question = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()'

/** What a client gets, alone and from a pool. */
async function encryptionOf(parameters: string): Promise<string> {
  const client = new DatabaseClient({ connectionString: urlWith(parameters) })
  client.on('error', () => {})
  const alone = await client
    .connect()
    .then(() => client.query<{ ssl: boolean }>(question))
    .then(
      ({ rows }) => (rows[0]!.ssl ? tls : clear),
      () => refused,
    )
  await client.end().catch(() => {})
  const pool = openPool(urlWith(parameters))
  const pooled = await pool.query<{ ssl: boolean }>(question).then(
    ({ rows }) => (rows[0]!.ssl ? tls : clear),
    () => refused,
  )
  await pool.end()
  expect(pooled).toBe(alone)
  return alone
}

test.each(servers)('each sslmode gets what libpq gets, the server having %s', async (server) => {
  await become(server)
  const got: Record<string, string> = {}
  for (const mode of Object.keys(expected)) got[mode] = await encryptionOf(mode)
  expect(got).toEqual(Object.fromEntries(Object.entries(expected).map(([mode, of]) => [mode, of[server]])))
})

test('only verify-full minds the name, and only the verifying ones who has signed', async () => {
  await become('both', 'elsewhere')
  expect(await encryptionOf('verify-full&sslrootcert=CA')).toBe(refused)
  expect(await encryptionOf('verify-ca&sslrootcert=CA')).toBe(tls)
  const stranger = `&sslrootcert=${join(folder, 'stranger.crt')}`
  expect(await encryptionOf(`verify-ca${stranger}`)).toBe(refused)
  // With a root certificate require is verify-ca.
  expect(await encryptionOf(`require${stranger}`)).toBe(refused)
  expect(await encryptionOf('require')).toBe(tls)
  expect(await encryptionOf('prefer')).toBe(tls)
  expect(await encryptionOf('verify-full')).toBe(refused)
  expect(await encryptionOf('verify-full&sslrootcert=system')).toBe(refused)
})

test('what is no answer about TLS is not asked again in clear text', async () => {
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    socket.destroy()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = new DatabaseClient({ connectionString: `postgres://u@127.0.0.1:${port}/app?sslmode=prefer` })
  client.on('error', () => {})
  await expect(client.connect()).rejects.toThrow()
  server.close()
  expect(connections).toBe(1)
})

test('a handshake that fails is followed by clear text, and the connection ends with its client', async () => {
  await become('both')
  // Says that it has TLS, and breaks the first handshake; what comes later reaches PostgreSQL.
  const { hostname, port } = new URL(postgres.url('app'))
  let broken = 0
  const server = createServer((socket) => {
    socket.on('error', () => {})
    if (broken > 0) {
      const upstream = connect(Number(port), hostname).on('error', () => {})
      socket.pipe(upstream).pipe(socket)
      return
    }
    broken += 1
    socket.once('data', () => {
      socket.write('S')
      socket.once('data', () => socket.end('this is no TLS'))
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(urlWith('prefer'))
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = new DatabaseClient({ connectionString: url.href })
  await client.connect()
  const { rows } = await client.query<{ ssl: boolean }>(question)
  await client.end()
  expect([broken, rows[0]!.ssl]).toEqual([1, false])
  const connections = promisify(server.getConnections.bind(server))
  await until(async () => (await connections()) === 0)
  server.close()
})

test('a certificate that is away for a moment is an error of those who connect meanwhile', async () => {
  await become('both')
  const certificate = join(folder, 'ca.crt')
  const pool = openPool(urlWith('verify-ca&sslrootcert=CA'), { maxConnections: 1 })
  const held = await pool.connect()
  await rename(certificate, `${certificate}.new`)
  // It waits for the connection, and then needs one of its own.
  const waiting = pool.query(question).catch((error: unknown) => error)
  held.release(true)
  expect(await waiting).toMatchObject({ message: expect.stringContaining('there is no such file') })
  await rename(`${certificate}.new`, certificate)
  expect((await pool.query(question)).rows).toEqual([{ ssl: true }])
  await pool.end()
})
