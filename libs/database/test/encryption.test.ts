import { chmod, chown, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from 'selfsigned'
import { startTestPostgres, type TestPostgres } from '@ordinal/testing'
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
}, 60_000)
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

/** What a client gets, alone and from a pool. */
async function connect(parameters: string): Promise<string> {
  const question = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()'
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

test.each(servers)(
  'each sslmode gets what libpq gets, the server having %s',
  async (server) => {
    await become(server)
    const got: Record<string, string> = {}
    for (const mode of Object.keys(expected)) got[mode] = await connect(mode)
    expect(got).toEqual(Object.fromEntries(Object.entries(expected).map(([mode, of]) => [mode, of[server]])))
  },
  60_000,
)

test('only verify-full minds the name, and only the verifying ones who has signed', async () => {
  await become('both', 'elsewhere')
  expect(await connect('verify-full&sslrootcert=CA')).toBe(refused)
  expect(await connect('verify-ca&sslrootcert=CA')).toBe(tls)
  const stranger = `&sslrootcert=${join(folder, 'stranger.crt')}`
  expect(await connect(`verify-ca${stranger}`)).toBe(refused)
  // With a root certificate require is verify-ca.
  expect(await connect(`require${stranger}`)).toBe(refused)
  expect(await connect('require')).toBe(tls)
  expect(await connect('prefer')).toBe(tls)
  expect(await connect('verify-full')).toBe(refused)
  expect(await connect('verify-full&sslrootcert=system')).toBe(refused)
}, 60_000)

test('a server that is away is not asked twice', async () => {
  const away = new URL(urlWith('prefer'))
  await postgres.stop()
  const client = new DatabaseClient({ connectionString: away.href })
  client.on('error', () => {})
  await expect(client.connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})
