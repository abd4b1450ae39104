import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFile, stat } from 'node:fs/promises'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { promisify } from 'node:util'
import {
  createAuthority,
  createCertificateFolder,
  hasRedis,
  ownAddress,
  startTestPostgres,
  startTestRedis,
  testNeeding,
  until,
  type Authority,
  type TestPostgres,
  type TestRedis,
} from '@ordinal/testing'
import { createDatabaseOn, query, type ServiceDatabase } from '../src/databases'
import {
  createService,
  prefixOf,
  root,
  serviceNames,
  type Environment,
  type ServiceProcess,
} from '../src/service'
import { API_KEYS, apiKey } from '../src/system'

const withRedisByTls = testNeeding('redis-server', hasRedis, 'Redis by TLS')

let authority: Authority
let stranger: Authority
let postgres: TestPostgres
let redis: TestRedis | undefined
let folders: Record<string, Awaited<ReturnType<typeof createCertificateFolder>>>
const services: ServiceProcess[] = []
const databases: Partial<Record<string, ServiceDatabase>> = {}
let users: ServiceProcess
let sequencer: ServiceProcess
let orders: ServiceProcess

const hosts = [ownAddress]
const folderOf = async (signer: Authority) =>
  createCertificateFolder({ ...(await signer.issue({ hosts })), ca: authority.cert })

/** What is needed to connect by TLS, as a URL says it. */
const parametersOf = ({ certFile, keyFile, caFile }: (typeof folders)[string]) =>
  `sslrootcert=${caFile}&sslcert=${certFile}&sslkey=${keyFile}`

/** The variables of a service that speaks TLS with whomever it meets. */
function environmentOf(name: string): Environment {
  const prefix = prefixOf(name)
  const { certFile, keyFile, caFile } = folders.services!
  const encrypted = Object.entries(databases[name]!.environment).map(([variable, url]) => [
    variable,
    `${url}?sslmode=verify-full&${parametersOf(folders.services!)}`,
  ])
  return {
    API_KEYS,
    TLS_RELOAD_INTERVAL: '0.05',
    [`${prefix}_TLS_CERT_FILE`]: certFile,
    [`${prefix}_TLS_KEY_FILE`]: keyFile,
    [`${prefix}_TLS_CA_FILE`]: caFile,
    [`${prefix}_TLS_REQUIRE_CLIENT_CERTIFICATE`]: 'true',
    ...(Object.fromEntries(encrypted) as Environment),
    ...(redis && { REDIS_URL: `${redis.url}?${parametersOf(folders.services!)}` }),
  }
}

async function start(name: string, more: Environment = {}): Promise<ServiceProcess> {
  const service = await createService(name, { ...environmentOf(name), ...more })
  services.push(service)
  service.launch()
  await service.says('"message":"listening"')
  return service
}

const at = ({ port }: ServiceProcess) => `https://${ownAddress}:${port}`

/** The variables of an order service that calls both others, with the certificates of a folder. */
const callsBy = ({ certFile, keyFile, caFile }: (typeof folders)[string]): Environment => ({
  ORDER_SERVICE_USER_SERVICE_URL: at(users),
  ORDER_SERVICE_SEQUENCER_URL: at(sequencer),
  ORDER_SERVICE_API_KEY: apiKey,
  ORDER_SERVICE_CALLS_TLS_CA_FILE: caFile,
  ORDER_SERVICE_CALLS_TLS_CERT_FILE: certFile,
  ORDER_SERVICE_CALLS_TLS_KEY_FILE: keyFile,
  ORDER_SERVICE_USER_MEMORY: '0',
  ORDER_SERVICE_CALL_TIMEOUT_MS: '10000',
  // So that each call shows its certificate anew.
  ORDER_SERVICE_KEEP_ALIVE_MS: '0',
  CIRCUIT_BREAKER_TIMEOUT: '0.05',
})

async function send(service: ServiceProcess, method: string, path: string, body?: unknown) {
  const { certFile, keyFile, caFile } = folders.client!
  const [cert, key, ca] = await Promise.all([certFile, keyFile, caFile].map((file) => readFile(file)))
  const agent = new Agent({ cert, key, ca, keepAlive: false })
  const headers = { 'X-API-Key': apiKey, 'Content-Type': 'application/json' }
  const sent = request(`${at(service)}${path}`, { method, agent, headers })
  sent.end(body === undefined ? undefined : JSON.stringify(body))
  const [answer] = await once(sent, 'response')
  let text = ''
  for await (const chunk of answer) text += String(chunk)
  return { status: answer.statusCode as number, body: text.startsWith('{') ? JSON.parse(text) : text }
}

const placeOrder = (service: ServiceProcess) =>
  send(service, 'POST', '/api/v1/orders', {
    user_id: 1,
    product_id: 'PROD-123',
    quantity: 2,
    total_price: 99.99,
  })

beforeAll(async () => {
  ;[authority, stranger] = await Promise.all([createAuthority(), createAuthority('Nobody knows it')])
  const [ofServices, ofClient, ofStranger, ofServers] = await Promise.all(
    [authority, authority, stranger, authority].map(folderOf),
  )
  const distrusting = await createCertificateFolder({ ca: stranger.cert })
  folders = {
    services: ofServices!,
    client: ofClient!,
    stranger: ofStranger!,
    servers: ofServers!,
    distrusting,
  }
  ;[postgres, redis] = await Promise.all([
    startTestPostgres({ fsync: false }),
    hasRedis ? startTestRedis(folders.servers) : undefined,
  ])
  for (const name of serviceNames) databases[name] = await createDatabaseOn(postgres, name)
  const { uid, gid } = await stat(postgres.dataFolder)
  await folders.servers!.permit(uid, gid)
  const { certFile, keyFile, caFile } = folders.servers!
  await postgres.restart({ ssl: 'on', ssl_cert_file: certFile, ssl_key_file: keyFile, ssl_ca_file: caFile })
  sequencer = await start('sequencer')
  users = await start('user-service', {
    API_KEYS_URL: at(sequencer),
    USER_SERVICE_API_KEY: apiKey,
    USER_SERVICE_CALLS_TLS_CA_FILE: folders.services!.caFile,
    USER_SERVICE_CALLS_TLS_CERT_FILE: folders.services!.certFile,
    USER_SERVICE_CALLS_TLS_KEY_FILE: folders.services!.keyFile,
  })
  orders = await start('order-service', callsBy(folders.services!))
})
afterAll(async () => {
  await Promise.all(services.map((service) => service.remove()))
  await redis?.remove()
  await postgres?.remove()
  await Promise.all(Object.values(folders ?? {}).map((folder) => folder.remove()))
})

test('an order is placed, numbered and confirmed with TLS on every hop, and certificates at both ends of each', async () => {
  const user = await send(users, 'POST', '/api/v1/users', { email: 'ada@example.com', name: 'Ada', age: 36 })
  expect(user.status).toBe(201)
  const order = await placeOrder(orders)
  expect(order).toMatchObject({
    status: 201,
    body: { order_number: expect.stringMatching(/^ORD-\d{4}-000001$/) },
  })
  const isConfirmed = async () =>
    (await send(orders, 'GET', `/api/v1/orders/${order.body.id}`)).body.status === 'confirmed'
  await until(isConfirmed, 20_000)
  expect(await isConfirmed()).toBe(true)

  const sessions = await query<{ datname: string; ssl: boolean; client_dn: string | null }>(
    databases['user-service']!,
    `SELECT DISTINCT datname, ssl, client_dn FROM pg_stat_activity JOIN pg_stat_ssl USING (pid)
     WHERE datname IS NOT NULL AND pid <> pg_backend_pid() ORDER BY datname`,
  )
  expect(sessions).toEqual(
    [...serviceNames].sort().map((datname) => ({ datname, ssl: true, client_dn: '/CN=service' })),
  )
})

test('the user service follows the API keys of the sequencer by TLS', async () => {
  // Whether its key may is another matter: it is answered.
  const series = /^sequencer_requests_total\{.*route="\/api\/v1\/api-keys:digests".*\} [1-9]/m
  const isAsked = async () => series.test(String((await send(sequencer, 'GET', '/metrics')).body))
  await until(isAsked)
  expect(await isAsked()).toBe(true)
})

test.each(['stranger', 'none'] as const)(
  'no order is taken by a service that shows a certificate of %s: nobody it calls lets it in',
  async (whose) => {
    const calls = callsBy(folders.stranger!)
    if (whose === 'none') {
      delete calls.ORDER_SERVICE_CALLS_TLS_CERT_FILE
      delete calls.ORDER_SERVICE_CALLS_TLS_KEY_FILE
    }
    const service = await start('order-service', calls)
    expect(await placeOrder(service)).toMatchObject({ status: 503 })
    await service.remove()
  },
)

test('no order is taken by a service that calls one whose authority it does not trust', async () => {
  const calls = callsBy(folders.services!)
  const { caFile } = folders.distrusting!
  const service = await start('order-service', { ...calls, ORDER_SERVICE_CALLS_TLS_CA_FILE: caFile })
  expect(await placeOrder(service)).toMatchObject({ status: 503 })
  await service.remove()
})

test('certificates of all services are renewed while orders are placed, and none fails', async () => {
  const statuses: unknown[] = []
  let going = true
  const load = async () => {
    while (going) statuses.push((await placeOrder(orders)).status)
  }
  const loads = [load(), load(), load()]
  for (let renewal = 1; renewal <= 3; renewal += 1) {
    await folders.services!.swap(await authority.issue({ hosts }))
    const renewed = `"message":"certificates renewed"`
    const times = ({ log }: ServiceProcess) => log().split(renewed).length - 1
    const isDone = () =>
      times(users) >= 2 * renewal && times(sequencer) >= renewal && times(orders) >= 2 * renewal
    await until(isDone)
    const before = statuses.length
    await until(() => statuses.length > before + 20, 60_000)
  }
  going = false
  await Promise.all(loads)
  expect(statuses.length).toBeGreaterThan(60)
  expect(statuses.filter((status) => status !== 201)).toEqual([])
})

test('the health check of each image works with certificates', async () => {
  const checks = [
    ...(await readFile(join(root, 'Dockerfile'), 'utf8')).matchAll(/CMD \["node", "-e", "(.*)"\]/g),
  ]
  expect(checks).toHaveLength(3)
  const run = promisify(execFile)
  for (const [index, service] of [users, orders, sequencer].entries()) {
    const check = checks[index]![1]!.replace('127.0.0.1', ownAddress)
    const prefix = prefixOf(service.name)
    const env = { ...environmentOf(service.name), [`${prefix}_PORT`]: String(service.port) }
    await run(process.execPath, ['-e', check], { env })
    // As without TLS: that is refused.
    delete env[`${prefix}_TLS_CERT_FILE`]
    await expect(run(process.execPath, ['-e', check], { env })).rejects.toThrow()
  }
})

test('a certificate that cannot be used stops the start with one line', async () => {
  const variable = 'USER_SERVICE_TLS_KEY_FILE'
  const { keyFile } = folders.client!
  const service = await createService('user-service', {
    ...environmentOf('user-service'),
    [variable]: keyFile,
  })
  services.push(service)
  service.launch()
  expect(await service.ended()).toBe(78)
  expect(service.log()).toContain(
    `${variable} is "${keyFile}": it has a key that is not that of the certificate`,
  )
  expect(service.log().trim().split('\n').length).toBeLessThanOrEqual(2)
})

withRedisByTls('Redis is used by TLS, and in clear text not at all', async () => {
  const { certFile, keyFile, caFile } = folders.client!
  const [cert, key, ca] = await Promise.all([certFile, keyFile, caFile].map((file) => readFile(file)))
  const { hostname: host, port } = new URL(redis!.url)
  const socket = connectTls({ host, port: Number(port), cert, key, ca })
  await once(socket, 'secureConnect')
  let list = ''
  socket.on('data', (chunk) => (list += String(chunk)))
  // The service may be connecting anew.
  await until(() => {
    socket.write('CLIENT LIST\r\n')
    return list.includes('name=order-service')
  })
  socket.destroy()
  expect(orders.log()).not.toContain('Redis is away')
})
