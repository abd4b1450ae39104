import { parseConfig } from '@ordinal/config'
import { callersOf, hostileCallers, until, type TestCallers } from '@ordinal/testing'
import { userAccess } from '../src/access'
import { userServiceConfig } from '../src/config'
import { setUp } from './user-service'

let users: Awaited<ReturnType<typeof setUp>>
let callers: TestCallers
const scopes = [
  'users:read',
  'users:write',
  'users:list',
  'diagnostics:read',
  'orders:read+orders:write+numbers:issue+audit:read',
]

beforeAll(async () => {
  callers = await callersOf(scopes)
  users = await setUp(callers.env)
})
afterAll(() => users.tearDown())

type Headers = Record<string, string>
let made = 0
const newUser = () => ({ email: `ada${(made += 1)}@example.com`, name: 'Ada', age: 36 })
const create = async () =>
  (await users.api.post('/api/v1/users', newUser(), { headers: callers.operator })).body as { id: number }
const call = (operation: string, id: number, headers: Headers) => {
  const [method = '', path = ''] = operation.split(' ')
  const body = { POST: newUser(), PUT: { age: 40 }, PATCH: { age: 41 } }[method]
  return users.api.request({
    method,
    path: path.replace('{id}', String(id)) + (path.endsWith(':batchGet') ? `?ids=${id}` : ''),
    headers,
    ...(body && { body }),
  })
}

/** Who may do what, once more: viewers read, operators also write, administrators also delete. */
const expected: Record<string, { role: 'viewer' | 'operator' | 'admin'; scope?: string; own?: boolean }> = {
  'GET /api/v1/users': { role: 'viewer', scope: 'users:list' },
  'GET /api/v1/users:batchGet': { role: 'viewer', scope: 'users:read' },
  'GET /api/v1/users/{id}': { role: 'viewer', scope: 'users:read', own: true },
  'POST /api/v1/users': { role: 'operator', scope: 'users:write' },
  'PUT /api/v1/users/{id}': { role: 'operator', scope: 'users:write', own: true },
  'PATCH /api/v1/users/{id}': { role: 'operator', scope: 'users:write', own: true },
  'DELETE /api/v1/users/{id}': { role: 'admin' },
  'GET /api/v1/diagnostics': { role: 'admin', scope: 'diagnostics:read' },
}
const operations = Object.keys(expected)

test('each route that is served is in the table, and its document says what it needs', () => {
  const { paths } = users.service.openApi as unknown as {
    paths: Record<string, Record<string, { security: object[]; 'x-required-role'?: string; tags: string[] }>>
  }
  const served = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(
      ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const,
    ),
  )
  const guarded = served.filter(([name]) => name.includes(' /api/'))
  expect(guarded.map(([name]) => name).sort()).toEqual([...operations].sort())
  expect(Object.keys(userAccess).sort()).toEqual([...operations].sort())
  for (const [name, operation] of guarded) {
    expect([name, operation['x-required-role']]).toEqual([name, expected[name]!.role])
    expect([name, operation.security.some((way) => Object.keys(way).length === 0)]).toEqual([name, false])
  }
  // The others are probes and documents.
  const open = served.filter(([name]) => !operations.includes(name)).map(([name]) => name)
  expect(open.sort()).toEqual([
    'GET /docs',
    'GET /errors/{code}',
    'GET /health',
    'GET /health/live',
    'GET /health/ready',
    'GET /metrics',
    'GET /metrics/db',
    'GET /openapi.json',
  ])
})

test('where anyone may call, a key with scopes and a customer are held to theirs, as the document says', async () => {
  const open = await setUp({ ...callers.env, REQUIRE_AUTHENTICATION: 'false' })
  try {
    // The client compares each answer with the document.
    const [stranger, ofOrders, customer] = [
      await open.api.get('/api/v1/users'),
      await open.api.get('/api/v1/users', { headers: callers.withScopes(scopes.at(-1)!) }),
      await open.api.get('/api/v1/users', { headers: await callers.customer(1) }),
    ]
    expect([stranger.status, ofOrders.body.code, customer.body.code]).toEqual([
      200,
      'scope_missing',
      'role_too_low',
    ])
    const { openApi } = open.service as unknown as {
      openApi: { components: { responses: Record<string, { description: string }> } }
    }
    const described = Object.values(openApi.components.responses).map(({ description }) => description)
    for (const code of ['role_too_low', 'scope_missing'])
      expect(described).toContainEqual(expect.stringContaining(`403 \`${code}\``))
  } finally {
    await open.tearDown()
  }
})

// Before the floods below, of which only some have a line each.
test('a refusal, and what is done with data of persons, is an event for a SIEM: who, what, whom, how it ended', async () => {
  const { id } = await create()
  const expired = (await hostileCallers())['an expired token']!
  const eventOf = async (headers: Headers, method: string, path: string) => {
    const requestId = `event-${Math.random()}`
    await users.api.request({ method, path, headers: { ...headers, 'X-Request-Id': requestId } })
    const line = () => users.logged.of('request').find((entry) => entry.request_id === requestId)
    await until(() => line() !== undefined)
    const {
      event,
      caller,
      ip,
      user_ids: userIds,
    } = line() as Record<string, unknown> & {
      event: Record<string, unknown>
    }
    expect([event.kind, ip]).toEqual(['event', '127.0.0.1'])
    return [event.action, event.outcome, event.code, caller, userIds, event.reason]
  }
  const path = `/api/v1/users/${id}`
  const none = undefined
  expect([
    await eventOf(callers.nobody, 'GET', path),
    await eventOf({ 'X-API-Key': 'a guess' }, 'GET', path),
    await eventOf(expired, 'GET', path),
    await eventOf(callers.viewer, 'DELETE', path),
    await eventOf(callers.withScopes('users:write'), 'GET', path),
    await eventOf(callers.viewer, 'GET', path),
    await eventOf(callers.viewer, 'GET', '/api/v1/users/999999'),
    await eventOf(callers.viewer, 'GET', `/api/v1/users:batchGet?ids=${id},999999`),
    await eventOf(callers.viewer, 'GET', `/api/v1/users?cursor=0&page_size=1`),
    await eventOf(await callers.customer(1, 'carla'), 'GET', `/api/v1/users/${id + 1}`),
    await eventOf(callers.admin, 'DELETE', path),
    await eventOf(callers.admin, 'DELETE', `${path}?erase=true`),
  ]).toEqual([
    ['sign-in', 'failure', 'authentication_required', 'anonymous', none, none],
    ['sign-in', 'failure', 'invalid_api_key', 'anonymous', none, none],
    ['sign-in', 'failure', 'invalid_token', 'anonymous', none, 'The token is refused: it has expired'],
    ['authorize', 'failure', 'role_too_low', 'vera', none, none],
    ['authorize', 'failure', 'scope_missing', 'scoped-1', none, none],
    ['read-personal-data', 'success', none, 'vera', [id], none],
    ['read-personal-data', 'failure', 'user_not_found', 'vera', [999999], none],
    ['read-personal-data', 'success', none, 'vera', [id], none],
    ['read-personal-data', 'success', none, 'vera', [expect.any(Number)], none],
    ['read-personal-data', 'failure', 'user_not_found', 'carla', [id + 1], none],
    ['delete-personal-data', 'success', none, 'anna', [id], none],
    ['erase-personal-data', 'success', none, 'anna', [id], none],
  ])
  expect(JSON.stringify(users.logged.entries)).not.toMatch(/example\.com|a guess/)
})

test.each(operations)('%s: by each role, each scope, and nobody', async (operation) => {
  const { role, scope, own } = expected[operation]!
  const rank = ['viewer', 'operator', 'admin']
  const { id } = await create()
  const other = await create()
  const may = (suffices: boolean) => (suffices ? undefined : 403)
  const cases: [string, Headers, number | undefined][] = [
    ['nobody', callers.nobody, 401],
    ['no role', callers.noRole, 403],
    ['viewer', callers.viewer, may(rank.indexOf(role) <= 0)],
    ['operator', callers.operator, may(rank.indexOf(role) <= 1)],
    ['a key', callers.machine, may(rank.indexOf(role) <= 1)],
    ...scopes.map((of): [string, Headers, number | undefined] => [
      of,
      callers.withScopes(of),
      may(of === scope),
    ]),
    ['themselves', await callers.customer(id), may(own === true)],
    ['another customer', await callers.customer(other.id), own ? 404 : 403],
    ['a customer without a user', await callers.customer(undefined), 403],
    ['a customer with no id', await callers.customer('1 OR 1=1'), 403],
    // Last, since it deletes.
    ['admin', callers.admin, undefined],
  ]
  for (const [who, headers, refused] of cases) {
    const { status } = await call(operation, id, headers)
    if (refused) expect([who, status]).toEqual([who, refused])
    else expect([who, Math.floor(status / 100)]).toEqual([who, 2])
  }
})

test('what is wrong is 401 on every operation, with a challenge, and what was sent is not repeated', async () => {
  const { id } = await create()
  const hostile = Object.entries(await hostileCallers())
  expect(hostile.length).toBeGreaterThanOrEqual(60)
  for (const [what, headers] of hostile)
    await Promise.all(
      operations.map(async (operation) => {
        const answer = await call(operation, id, headers)
        expect([what, operation, answer.status]).toEqual([what, operation, 401])
        expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="ordinal"/)
      }),
    )
  const logged = JSON.stringify(users.logged.entries)
  expect(logged).not.toContain(callers.machine['X-API-Key'])
  expect(logged).not.toContain(callers.env.JWT_SECRET)
  expect(logged).not.toContain(callers.admin.Authorization!.slice(7))
})

test('another user is to a customer as one that does not exist', async () => {
  const { id } = await create()
  const headers = { ...(await callers.customer(id)), 'X-Request-Id': 'same' }
  const other = await create()
  for (const operation of operations.filter((each) => expected[each]!.own)) {
    const [hidden, missing] = [
      await call(operation, other.id, headers),
      await call(operation, 999_999, headers),
    ]
    const text = (answer: typeof hidden) => JSON.stringify(answer.body).replaceAll(/user \d+/g, '')
    expect([hidden.status, text(hidden)]).toEqual([404, text(missing)])
  }
  expect((await users.api.get(`/api/v1/users/${other.id}`, { headers: callers.viewer })).body.age).toBe(36)
})

test('a customer who was deactivated cannot undo it', async () => {
  const { id } = await create()
  await users.api.patch(`/api/v1/users/${id}`, { active: false }, { headers: callers.operator })
  const headers = await callers.customer(id)
  const answer = await users.api.patch(`/api/v1/users/${id}`, { active: true }, { headers })
  expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([
    403,
    'Bearer realm="ordinal", error="insufficient_scope"',
  ])
})

test('no shared cache keeps what a caller is answered, whichever way it shows who it is', async () => {
  const { id } = await create()
  for (const headers of [callers.machine, callers.viewer]) {
    const { headers: got } = await users.api.get(`/api/v1/users/${id}`, { headers })
    expect(got.get('cache-control')).toBe('private')
    const refused = await users.api.get('/api/v1/users/999999', { headers })
    expect(refused.headers.get('cache-control')).toBe('no-store')
  }
})

test('keys of requests belong to their caller', async () => {
  const key = { 'Idempotency-Key': 'the-same' }
  const one = await users.api.post('/api/v1/users', newUser(), { headers: { ...callers.operator, ...key } })
  const other = await users.api.post('/api/v1/users', newUser(), { headers: { ...callers.machine, ...key } })
  expect([one.status, other.status]).toEqual([201, 201])
  expect(other.body.id).not.toBe(one.body.id)
})

test.each<[string, Record<string, string>, RegExp | undefined]>([
  ['nothing', {}, /no authentication is configured/],
  ['a secret alone', { JWT_SECRET: 'x'.repeat(20) + 'yz'.repeat(10) }, /REQUIRE_AUTHENTICATION is not set/],
  ['an open door', { ALLOW_NO_AUTHENTICATION: 'true' }, undefined],
  ['true', { REQUIRE_AUTHENTICATION: 'true', JWT_SECRET: 'x'.repeat(20) + 'yz'.repeat(10) }, undefined],
  [
    'its own',
    { USER_SERVICE_REQUIRE_AUTHENTICATION: 'true', JWT_SECRET: 'x'.repeat(20) + 'yz'.repeat(10) },
    undefined,
  ],
  ['false', { REQUIRE_AUTHENTICATION: 'false', JWT_SECRET: 'x'.repeat(20) + 'yz'.repeat(10) }, undefined],
  [
    'true without any way',
    { REQUIRE_AUTHENTICATION: 'true' },
    /REQUIRE_AUTHENTICATION is true, and no caller could/,
  ],
])('in production with %s', (_what, env, fault) => {
  const parse = () =>
    parseConfig(userServiceConfig, {
      NODE_ENV: 'production',
      USER_SERVICE_DATABASE_URL: 'postgres://u:strong-and-own-1@localhost/users',
      ...env,
    })
  if (fault) expect(parse).toThrow(fault)
  else expect(parse).not.toThrow()
})
