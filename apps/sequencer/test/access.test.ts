import { SignJWT } from 'jose'
import { loadProtos } from '@ordinal/grpc'
import {
  callersOf,
  createGrpcClient,
  hostileCallers,
  until,
  type GrpcClient,
  type TestCallers,
  type TestDatabase,
} from '@ordinal/testing'
import { sequencerAccess } from '../src/access'
import { createLedgerDatabase, startSequencer, valuesIn } from './sequencer'

let database: TestDatabase & { runtimeUrl: string }
let sequencer: Awaited<ReturnType<typeof startSequencer>>
let client: GrpcClient
let callers: TestCallers
const serviceName = 'sequential.SequentialIDService'
const scopes = [
  'numbers:issue',
  'numbers:change',
  'numbers:read',
  'audit:read',
  'api-keys:follow',
  'diagnostics:read',
  'numbers:issue:SG',
  'users:read+users:write+orders:read+orders:write',
]

beforeAll(async () => {
  callers = await callersOf(scopes)
  database = await createLedgerDatabase()
  sequencer = await startSequencer(database, callers.env)
  client = createGrpcClient(sequencer.grpcPort!, loadProtos(__dirname, 'sequencer.proto'), serviceName)
})
const closing: (() => Promise<unknown>)[] = []
afterAll(async () => {
  for (const close of closing) await close()
  client.close()
  await sequencer.stop()
  await database.drop()
})

type Headers = Record<string, string>
type Answer = [status: number, code: string | undefined]
const refusals = ['authentication_required', 'role_too_low', 'scope_missing']
const roles = ['viewer', 'operator', 'admin'] as const

/** Who may do what, once more: the role, and the scopes of which one is enough. */
const expected: Record<string, [role: (typeof roles)[number], ...scopes: string[]]> = {
  'POST /api/v1/next/{prefix}': ['operator', 'numbers:issue', 'numbers:issue:SG'],
  'GET /api/v1/next/{prefix}': ['operator', 'numbers:issue', 'numbers:issue:SG'],
  'POST /api/v1/numbers:batch': ['operator', 'numbers:issue', 'numbers:issue:SG'],
  'POST /v1/sequence': ['operator', 'numbers:issue'],
  'GET /v1/sequence': ['operator', 'numbers:issue'],
  'POST /api/v1/sequence/next': ['operator', 'numbers:issue'],
  'GET /api/v1/sequence/next': ['operator', 'numbers:issue'],
  'POST /api/v1/sequence/release': ['operator', 'numbers:change'],
  'POST /api/v1/numbers/{number}/confirm': ['operator', 'numbers:change'],
  'POST /api/v1/numbers/{number}/release': ['operator', 'numbers:change'],
  'POST /api/v1/numbers/{number}/void': ['operator', 'numbers:change'],
  'GET /api/v1/numbers/{number}': ['viewer', 'numbers:read', 'numbers:issue', 'numbers:issue:SG'],
  'GET /api/v1/preview/{prefix}': ['viewer', 'numbers:read', 'numbers:issue', 'numbers:issue:SG'],
  'GET /api/v1/status/{prefix}': ['viewer', 'numbers:read', 'numbers:issue', 'numbers:issue:SG'],
  'GET /api/v1/gaps/{prefix}': ['viewer', 'numbers:read', 'numbers:issue', 'numbers:issue:SG'],
  'GET /api/v1/gaps/{prefix}/map': ['viewer', 'numbers:read', 'numbers:issue', 'numbers:issue:SG'],
  'GET /api/v1/sequence/stats': ['viewer', 'numbers:read', 'numbers:issue', 'numbers:issue:SG'],
  'GET /api/v1/sequences': ['viewer', 'numbers:read'],
  'GET /api/v1/sequences/{prefix}': ['viewer', 'numbers:read'],
  'POST /api/v1/sequences': ['admin'],
  'PUT /api/v1/sequences/{prefix}': ['admin'],
  'DELETE /api/v1/sequences/{prefix}': ['admin'],
  'POST /api/v1/sequences/{prefix}/import': ['admin'],
  'POST /api/v1/sequences/{prefix}/periods/{period}/close': ['operator'],
  'GET /api/v1/sites': ['viewer', 'numbers:read'],
  'GET /api/v1/sites/{site_id}': ['viewer', 'numbers:read'],
  'POST /api/v1/sites': ['admin'],
  'PUT /api/v1/sites/{site_id}': ['admin'],
  'DELETE /api/v1/sites/{site_id}': ['admin'],
  'GET /api/v1/api-keys': ['admin'],
  'POST /api/v1/api-keys': ['admin'],
  'GET /api/v1/api-keys/{key_id}': ['admin'],
  'POST /api/v1/api-keys/{key_id}/rotate': ['admin'],
  'PUT /api/v1/api-keys/{key_id}': ['admin'],
  'DELETE /api/v1/api-keys/{key_id}': ['admin'],
  'GET /api/v1/api-keys:digests': ['admin', 'api-keys:follow'],
  'POST /api/v1/api-keys:used': ['admin', 'api-keys:follow'],
  'GET /api/v1/audit': ['viewer', 'audit:read'],
  'GET /api/v1/audit/export': ['viewer', 'audit:read'],
  'GET /api/v1/audit/verify': ['viewer', 'audit:read'],
  'POST /api/v1/audit/verify': ['viewer', 'audit:read'],
  'GET /api/v1/audit/checkpoints': ['viewer', 'audit:read'],
  'GET /api/v1/audit/keys': ['viewer', 'audit:read'],
  'GET /api/v1/stream': ['viewer', 'audit:read'],
  'GET /api/v1/diagnostics': ['admin', 'diagnostics:read'],
  'POST /api/v1/demo/basic': ['operator'],
  'POST /api/v1/demo/concurrent': ['operator'],
  'POST /api/v1/demo/gaps': ['operator'],
  'POST /api/v1/demo/load-test': ['operator'],
  [`${serviceName}/GetNext`]: ['operator', 'numbers:issue', 'numbers:issue:SG'],
  [`${serviceName}/GetNextBatch`]: ['operator', 'numbers:issue', 'numbers:issue:SG'],
  [`${serviceName}/GetNextForEach`]: ['operator', 'numbers:issue', 'numbers:issue:SG'],
  [`${serviceName}/GetStatus`]: ['viewer', 'numbers:read', 'numbers:issue', 'numbers:issue:SG'],
  [`${serviceName}/Confirm`]: ['operator', 'numbers:change'],
  [`${serviceName}/Release`]: ['operator', 'numbers:change'],
}

/** Requests that fit, so that a scope for one sequence is judged by what is asked for; they need not succeed. */
const bodies: Record<string, unknown> = {
  'POST /api/v1/numbers:batch': { requests: [{ prefix: 'SG' }] },
  'POST /api/v1/sequence/next': { site_id: 'site-1', partition_id: 'p', invoice_type: 'on-cycle' },
  'POST /api/v1/sequence/release': {
    full_number: '99',
    site_id: 'site-1',
    partition_id: 'p',
    reason: 'none',
  },
}
const queries: Record<string, string> = {
  'GET /api/v1/numbers/{number}': '?prefix=SG',
  'GET /api/v1/sequence/stats': '?prefix=SG',
  'GET /api/v1/sequence/next': '?siteId=site-1&partitionId=p&invoiceType=on-cycle',
}
const messages: Record<string, object> = {
  GetNext: { prefix: 'SG' },
  GetNextBatch: { prefix: 'SG', count: 2 },
  GetNextForEach: { requests: [{ prefix: 'SG' }] },
  GetStatus: { prefix: 'SG' },
  Confirm: { full_number: 'SG999999' },
  Release: { full_number: 'SG999999', reason: 'none' },
}

async function call(operation: string, headers: Headers): Promise<Answer> {
  if (operation.startsWith(serviceName)) {
    const method = operation.slice(serviceName.length + 1)
    const metadata = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
    )
    const { code, trailers } = await client.call(method, messages[method], { metadata })
    const status = { UNAUTHENTICATED: 401, PERMISSION_DENIED: 403 }[code] ?? 200
    return [status, trailers['ordinal-error-code'] as string | undefined]
  }
  const [method = '', path = ''] = operation.split(' ')
  // What would go on for long, or write much, is called with a body or a query that is wrong: callers are asked before.
  const isLong = /stream|demo/.test(path)
  const filled = path.replace('{number}', 'SG999999').replaceAll(/\{\w+\}/g, 'SG')
  const { status, body } = await sequencer.api.request({
    method,
    path: `${filled}${isLong ? '?no-such=1' : (queries[operation] ?? '')}`,
    headers,
    ...(bodies[operation] !== undefined && { body: bodies[operation] }),
  })
  return [status, (body as { code?: string } | undefined)?.code]
}

test('each route and each method that is served is in the table, and the document says what it needs', () => {
  const { paths } = sequencer.openApi as unknown as {
    paths: Record<string, Record<string, { tags: string[]; 'x-required-role'?: string; security: object[] }>>
  }
  const served = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, operation]) =>
      !path.startsWith('/api/') &&
      (/operations|documentation/.test(operation.tags.join()) || /^\/(docs|openapi|errors)/.test(path))
        ? []
        : [[`${method.toUpperCase()} ${path}`, operation] as const],
    ),
  )
  for (const [name, operation] of served) {
    expect([name, operation['x-required-role']]).toEqual([name, expected[name]?.[0]])
    expect([name, operation.security.some((way) => Object.keys(way).length === 0)]).toEqual([name, false])
  }
  const methods = Object.keys(expected).filter((name) => name.startsWith(serviceName))
  expect([...served.map(([name]) => name), ...methods].sort()).toEqual(Object.keys(expected).sort())
  expect(Object.keys(sequencerAccess).sort()).toEqual(Object.keys(expected).sort())
})

test.each(Object.keys(expected))('%s: by each role, each scope, and nobody', async (operation) => {
  const [role, ...enough] = expected[operation]!
  const suffices = (has: (typeof roles)[number]) => roles.indexOf(has) >= roles.indexOf(role)
  const cases: [string, Headers, string | undefined][] = [
    ['nobody', callers.nobody, 'authentication_required'],
    ['no role', callers.noRole, 'role_too_low'],
    ['a customer', await callers.customer(1), 'role_too_low'],
    ...roles.map((has): [string, Headers, string | undefined] => [
      has,
      callers[has],
      suffices(has) ? undefined : 'role_too_low',
    ]),
    ['a key', callers.machine, suffices('operator') ? undefined : 'role_too_low'],
    ...scopes.map((of): [string, Headers, string | undefined] => [
      of,
      callers.withScopes(of),
      enough.includes(of) ? undefined : 'scope_missing',
    ]),
  ]
  for (const [who, headers, refused] of cases) {
    const [status, code] = await call(operation, headers)
    if (!refused) expect([who, refusals.includes(code ?? '')]).toEqual([who, false])
    // A scope of one sequence is judged when it is known which: what does not fit is refused before, as anybody's.
    else if (status !== 400)
      expect([who, status, code]).toEqual([who, refused === 'authentication_required' ? 401 : 403, refused])
    else expect([who, who]).toEqual([who, 'numbers:issue:SG'])
  }
})

test('a key of one sequence gets no number of another, in no way', async () => {
  const headers = callers.withScopes('numbers:issue:SG')
  const post = async (path: string, body?: unknown) =>
    (await sequencer.api.post(path, body, { headers })).body.code as string
  const ways = [
    await post('/api/v1/next/PO'),
    await post('/api/v1/next/PO', { count: 2 }),
    await post('/api/v1/numbers:batch', { requests: [{ prefix: 'SG' }, { prefix: 'PO' }] }),
    await post('/v1/sequence'),
    await post('/api/v1/sequence/next', bodies['POST /api/v1/sequence/next']),
    (await sequencer.api.get('/api/v1/numbers/PO000001', { headers })).body.code as string,
    (await sequencer.api.get('/api/v1/numbers/PO000001?prefix=PO', { headers })).body.code as string,
  ]
  expect(ways).toEqual(ways.map(() => 'scope_missing'))
  const metadata = { 'x-api-key': headers['X-API-Key']! }
  for (const [method, message] of [
    ['GetNext', { prefix: 'PO' }],
    ['GetNextForEach', { requests: [{ prefix: 'SG' }, { prefix: 'PO' }] }],
    ['GetStatus', { prefix: 'PO' }],
  ] as const)
    expect((await client.call(method, message, { metadata })).trailers['ordinal-error-code']).toBe(
      'scope_missing',
    )
})

test('what is wrong is 401 on every operation, and issues nothing', async () => {
  const before = await valuesIn(database, 'SG')
  for (const [what, headers] of Object.entries(await hostileCallers()))
    await Promise.all(
      Object.keys(expected).map(async (operation) =>
        expect([what, operation, (await call(operation, headers))[0]]).toEqual([what, operation, 401]),
      ),
    )
  expect(await valuesIn(database, 'SG')).toEqual(before)
  // Some 6,000 calls.
})

test.each([
  ['POST /api/v1/next/{prefix}', 'GetNext'],
  ['POST /api/v1/next/{prefix}', 'GetNextBatch'],
  ['POST /api/v1/numbers:batch', 'GetNextForEach'],
  ['GET /api/v1/status/{prefix}', 'GetStatus'],
  ['POST /api/v1/numbers/{number}/confirm', 'Confirm'],
  ['POST /api/v1/numbers/{number}/release', 'Release'],
])('%s and %s ask the same of their callers', (route, method) => {
  const { role, scopes, own } = sequencerAccess[`${serviceName}/${method}`]!
  expect(sequencerAccess[route]).toMatchObject({ role, scopes, own })
})

test('a key with scopes lends nothing to a token beside it', async () => {
  const { REQUIRE_AUTHENTICATION: _, ...open } = callers.env
  const instance = await startSequencer(database, open)
  closing.push(() => instance.stop())
  const drawn = await instance.api.post('/api/v1/next/PO')
  const path = `/api/v1/numbers/${drawn.body.full_number}/release?prefix=PO`
  const headers = { ...callers.noRole, ...callers.withScopes('audit:read') }
  const { status, body } = await instance.api.post(path, { reason: 'test' }, { headers })
  expect([status, body.code]).toEqual([403, 'number_held_by_another'])
})

test('the live stream ends with the token of its listener', async () => {
  const { JWT_SECRET, JWT_AUDIENCE } = callers.env
  const instance = await startSequencer(database, { ...callers.env, JWT_CLOCK_TOLERANCE: '0' })
  closing.push(() => instance.stop())
  const listenFor = async (seconds: number) => {
    const token = await new SignJWT({ role: 'viewer' })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject('listener')
      .setAudience(JWT_AUDIENCE)
      .setIssuedAt()
      .setExpirationTime(`${seconds}s`)
      .sign(new TextEncoder().encode(JWT_SECRET))
    return () => fetch(`${instance.url}/api/v1/stream`, { headers: { Authorization: `Bearer ${token}` } })
  }
  // A pause of a busy machine may be longer than a short token lives.
  let listen = await listenFor(2)
  let listening = await listen()
  for (let seconds = 4; listening.status === 401 && seconds < 60; seconds *= 2) {
    listen = await listenFor(seconds)
    listening = await listen()
  }
  expect(listening.status).toBe(200)
  // Without the end of its token it goes on for as long as the test may take.
  await listening.text().catch(() => undefined)
  // The clocks that end the stream and the token may be a millisecond apart.
  await until(async () => {
    const again = await listen()
    await again.body?.cancel()
    return again.status === 401
  })
})
