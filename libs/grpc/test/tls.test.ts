import { once } from 'node:events'
import { request, Agent } from 'node:https'
import { connect } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import { credentials } from '@grpc/grpc-js'
import {
  createAuthority,
  createCertificateFolder,
  createGrpcClient,
  createTestDatabase,
  until,
  type Authority,
  type Credentials,
  type TestDatabase,
} from '@ordinal/testing'
import { fakeName, protos, startFakeService } from './fake-service'

const dayMs = 86_400_000

let database: TestDatabase
let authority: Authority
let other: Authority
beforeAll(async () => {
  database = await createTestDatabase()
  ;[authority, other] = await Promise.all([createAuthority('one'), createAuthority('other')])
})
afterAll(() => database.drop())

interface Client {
  ca: string
  cert?: string
  key?: string
}

/** A service that speaks TLS, with certificates that can be changed. */
async function startSecure(requireClientCertificate = true, more: Record<string, unknown> = {}) {
  const files = await createCertificateFolder({ ...(await authority.issue()), ca: authority.cert })
  const fake = await startFakeService(database.url, {
    tlsCertFile: files.certFile,
    tlsKeyFile: files.keyFile,
    tlsCaFile: requireClientCertificate ? files.caFile : undefined,
    tlsRequireClientCertificate: requireClientCertificate,
    tlsReloadMs: 20,
    ...more,
  })
  return {
    ...fake,
    files,
    async stop() {
      await fake.stop()
      await files.remove()
    },
  }
}
type Secure = Awaited<ReturnType<typeof startSecure>>

/** One request; resolves to its status. */
function get(
  { url }: Secure,
  path: string,
  agent: Agent,
): Promise<{ status: number; body: string; connection: string | undefined }> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}${path}`, { agent }, (answer) => {
      let body = ''
      answer.on('data', (chunk) => (body += chunk))
      answer.on('end', () =>
        resolve({ status: answer.statusCode!, body, connection: answer.headers.connection }),
      )
      answer.on('error', reject)
    })
    sent.on('error', reject)
    sent.end()
  })
}

const getOnce = async (secure: Secure, client: ConnectionOptions, path = '/health/live') => {
  const agent = new Agent({ ...client, keepAlive: false })
  return (await get(secure, path, agent)).status
}

async function call({ port }: Pick<Secure, 'port'>, client: Client): Promise<string> {
  const grpc = grpcClient(port, client)
  const { code } = await grpc.call('Describe', { name: 'x', value: 1 }, { deadlineMs: 10_000 })
  grpc.close()
  return code
}

const grpcClient = (port: number, { ca, cert, key }: Client) =>
  createGrpcClient(
    port,
    protos,
    fakeName,
    {},
    credentials.createSsl(Buffer.from(ca), key ? Buffer.from(key) : null, cert ? Buffer.from(cert) : null),
  )

async function expiry(secure: Secure, client: Client): Promise<number> {
  const { body } = await get(secure, '/metrics', new Agent({ ...client, keepAlive: false }))
  const line = /^tls_certificate_expiry_timestamp_seconds\{use="server"\} (\S+)$/m.exec(body)
  return Number(line?.[1])
}

test('certificates are renewed under load without a failed request, until the old authority is trusted no more', async () => {
  const secure = await startSecure()
  const client: Client = { ca: authority.cert, ...(await authority.issue({ name: 'client' })) }
  const oldClient = { ...client }
  const failures: unknown[] = []
  const done = { kept: 0, fresh: 0, 'gRPC kept': 0, 'gRPC fresh': 0 }
  let going = true
  /** Repeats a request as fast as its answers come. */
  const load = async (kind: keyof typeof done, one: () => Promise<unknown>, answer: unknown) => {
    while (going) {
      const got = await one().catch((error: unknown) => error)
      if (got !== answer) failures.push([kind, got])
      done[kind] += 1
    }
  }
  // Clients change their own certificates, too: a new agent and a new channel, as a program that is started anew.
  let agent = new Agent({ ...client, keepAlive: true })
  let channel = grpcClient(secure.port, client)
  const loads = [
    ...[1, 2].map(() => load('kept', async () => (await get(secure, '/health/live', agent)).status, 200)),
    load('fresh', () => getOnce(secure, client), 200),
    ...[1, 2].map(() =>
      load('gRPC kept', async () => (await channel.call('Describe', { name: 'x', value: 1 })).code, 'OK'),
    ),
    load('gRPC fresh', () => call(secure, client), 'OK'),
  ]
  /** Until some requests of each kind that began after now have ended. */
  const served = async () => {
    const goals = Object.entries(done).map(([kind, count]) => [kind as keyof typeof done, count + 5] as const)
    await until(() => goals.every(([kind, goal]) => done[kind] >= goal))
    expect(goals.filter(([kind, goal]) => done[kind] < goal)).toEqual([])
  }
  /** Waits until a certificate is in use, which its end tells from others. */
  const inUse = async (validTo: Date) => {
    const isInUse = async () => (await expiry(secure, client)) === validTo.getTime() / 1_000
    await until(isInUse)
    expect(await isInUse()).toBe(true)
  }
  const endOf = (day: number) => new Date(Math.floor(Date.now() / 1_000) * 1_000 + day * dayMs)

  for (let renewal = 2; renewal < 6; renewal += 1) {
    const validTo = endOf(renewal)
    const { cert, key } = await authority.issue({ validTo })
    if (renewal % 2 === 0) {
      await secure.files.swap({ cert, key })
    } else {
      // In place, one after the other, and one of them in halves.
      const before = secure.logged.of(kept).length
      await secure.files.overwrite('cert', cert.slice(0, 100))
      await until(() => secure.logged.of(kept).length > before)
      await secure.files.overwrite('cert', cert)
      await secure.files.overwrite('key', key)
    }
    await inUse(validTo)
    await served()
  }

  // Another authority, in three steps: trusted by both ends, in use by both ends, and alone.
  await secure.files.swap({ ca: `${authority.cert}\n${other.cert}` })
  Object.assign(client, { ca: `${authority.cert}\n${other.cert}` })
  await until(() => renewals(secure) === 5)
  await served()
  const validTo = endOf(7)
  Object.assign(client, await other.issue({ name: 'client' }))
  const [formerAgent, formerChannel] = [agent, channel]
  agent = new Agent({ ...client, keepAlive: true })
  channel = grpcClient(secure.port, client)
  await secure.files.swap(await other.issue({ validTo }))
  await inUse(validTo)
  await served()
  const lingering = new Agent({ ...oldClient, ca: client.ca, keepAlive: true })
  expect((await get(secure, '/health/live', lingering)).connection).toBe('keep-alive')
  const session = await sessionOf(secure, oldClient, client.ca)
  await secure.files.swap({ ca: other.cert })
  Object.assign(client, { ca: other.cert })
  await until(() => renewals(secure) === 7)
  expect(renewals(secure)).toBe(7)
  await served()
  going = false
  await Promise.all(loads)
  expect(failures).toEqual([])
  expect(Math.min(...Object.values(done))).toBeGreaterThan(30)

  // A connection from before serves one request more.
  expect(await get(secure, '/health/live', lingering)).toMatchObject({ status: 200, connection: 'close' })
  await expect(get(secure, '/health/live', lingering)).rejects.toThrow()
  // Who still has a certificate of the old authority gets no further, nor by a session from before.
  await expect(getOnce(secure, { ...oldClient, ca: other.cert })).rejects.toThrow()
  await expect(getOnce(secure, { ...oldClient, ca: other.cert, session })).rejects.toThrow()
  expect(await call(secure, { ...oldClient, ca: other.cert })).toBe('UNAVAILABLE')
  await expect(getOnce(secure, { ...client, ca: authority.cert })).rejects.toThrow(/unable to|self-signed/)
  for (const ended of [formerAgent, agent]) ended.destroy()
  for (const ended of [formerChannel, channel]) ended.close()
  await secure.stop()
})

const kept = 'the certificate files (server) cannot be used: what was read before stays in use'
const renewals = ({ logged }: Secure) => logged.of('certificates renewed').length

/** The session of a connection, by which another can be opened without a certificate. */
async function sessionOf({ httpPort }: Secure, client: Client, ca: string): Promise<Buffer> {
  const socket = connectTls({ ...client, ca, host: '127.0.0.1', port: httpPort, maxVersion: 'TLSv1.2' })
  await once(socket, 'secureConnect')
  const session = socket.getSession()!
  socket.destroy()
  return session
}

describe('a service that requires certificates of clients', () => {
  let secure: Secure
  let client: Client
  beforeAll(async () => {
    secure = await startSecure()
    client = { ca: authority.cert, ...(await authority.issue()) }
  })
  afterAll(() => secure.stop())

  test('answers who has one of its authority, over HTTP and gRPC', async () => {
    expect(await getOnce(secure, client)).toBe(200)
    expect(await getOnce(secure, { ...client, maxVersion: 'TLSv1.2' })).toBe(200)
    expect(await call(secure, client)).toBe('OK')
  })

  const expired = () => authority.issue({ validTo: new Date(Date.now() - dayMs) })
  test.each<[string, () => Promise<Partial<Credentials>>]>([
    ['none', () => Promise.resolve({ cert: undefined, key: undefined })],
    ['one of another authority', () => other.issue()],
    ['one that has expired', expired],
  ])('disconnects who has %s', async (_what, issue) => {
    const bad: Client = { ca: authority.cert, ...(await issue()) }
    await expect(getOnce(secure, bad)).rejects.toThrow()
    expect(await call(secure, bad)).toBe('UNAVAILABLE')
    expect(secure.logged.of('a TLS handshake failed')).not.toEqual([])
  })

  test('is refused by a client that trusts another authority, or calls it by another name', async () => {
    await expect(getOnce(secure, { ...client, ca: other.cert })).rejects.toThrow(/unable to|self-signed/)
    await expect(getOnce(secure, { ...client, servername: 'elsewhere.example' })).rejects.toThrow(/altnames/)
    expect(await call(secure, { ...client, ca: other.cert })).toBe('UNAVAILABLE')
  })

  test.each(['TLSv1.1', 'TLSv1'] as const)('does not speak %s', async (version) => {
    const old = { ...client, minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' }
    await expect(getOnce(secure, old)).rejects.toThrow()
  })

  test('tells a client of clear text what is wrong, and closes its connection', async () => {
    const socket = connect(secure.httpPort, '127.0.0.1', () =>
      socket.write('GET /health HTTP/1.1\r\nHost: x\r\n\r\n'),
    )
    let answer = ''
    socket.on('data', (chunk) => (answer += String(chunk)))
    await once(socket, 'close')
    expect(answer).toMatch(/^HTTP\/1.1 400 Bad Request\r\n/)
    expect(answer).toContain('This port takes HTTPS only')
    const plain = createGrpcClient(secure.port, protos, fakeName)
    expect((await plain.call('Describe', { name: 'x', value: 1 }, { deadlineMs: 10_000 })).code).toBe(
      'UNAVAILABLE',
    )
    plain.close()
  })
})

test('connections that never finish their handshake hold nobody else up, and make room first', async () => {
  const secure = await startSecure(false, { connectionsPerClient: 50 })
  const client = { ca: authority.cert }
  const agent = new Agent({ ...client, keepAlive: true, maxSockets: 1 })
  expect((await get(secure, '/health/live', agent)).status).toBe(200)
  const channel = grpcClient(secure.port, client)
  expect((await channel.call('Describe', { name: 'x', value: 1 })).code).toBe('OK')
  const hello = Buffer.from([0x16, 0x03, 0x01, 0x40, 0x00])
  const halfOpen = [secure.httpPort, secure.port].flatMap((port) =>
    Array.from({ length: 200 }, (_, index) => {
      const socket = connect(port, '127.0.0.1', () => void (index % 2 === 0 && socket.write(hello)))
      return socket.on('error', () => {})
    }),
  )
  await until(() => halfOpen.filter(({ destroyed }) => destroyed).length >= 300)
  const kept = (agent as unknown as { freeSockets: Record<string, object[]> }).freeSockets
  const [before] = Object.values(kept)[0]!
  expect((await get(secure, '/health/live', agent)).status).toBe(200)
  expect(Object.values(kept)[0]![0]).toBe(before)
  expect((await channel.call('Describe', { name: 'x', value: 1 })).code).toBe('OK')
  expect(await getOnce(secure, client)).toBe(200)
  // What is left of them does not hold up the end.
  agent.destroy()
  channel.close()
  await secure.stop()
  await until(() => halfOpen.every(({ destroyed }) => destroyed))
  expect(halfOpen.every(({ destroyed }) => destroyed)).toBe(true)
})
