import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createApiClient } from '../src'

interface Canned {
  status: number
  headers?: Record<string, string>
  body?: unknown
}

const problem = {
  type: '/errors/user_not_found',
  title: 'There is no such user',
  status: 404,
  detail: 'There is no user 7',
  code: 'user_not_found',
  request_id: 'r-1',
}
const user = { id: 7, email: 'ada@example.com', created_at: '2026-11-21T03:43:00.000Z' }

const content = (type: string, name: string) => ({
  content: { [type]: { schema: { $ref: `#/components/schemas/${name}` } } },
})
const failure = content('application/problem+json', 'Problem')
const strings = (...names: string[]) => Object.fromEntries(names.map((name) => [name, { type: 'string' }]))

const document = {
  openapi: '3.1.0',
  paths: {
    '/users': { post: { responses: { 201: content('application/json', 'User'), 400: failure } } },
    '/users/{id}': {
      get: {
        responses: { 200: { ...content('application/json', 'User'), headers: { ETag: {} } }, 404: failure },
      },
      delete: { responses: { 204: { description: 'Done' } } },
    },
    '/users/{id}/versions': { get: { responses: { 200: content('application/json', 'UserWithVersions') } } },
    '/ping': {
      get: {
        responses: { 200: { description: 'Done' }, default: { $ref: '#/components/responses/AnyError' } },
      },
    },
    '/users/me': {
      get: { responses: { 200: { content: { 'text/plain': { schema: { type: 'string' } } } } } },
    },
    '/health': {
      get: { responses: { 503: { content: { 'application/json': { schema: { type: 'object' } } } } } },
    },
    '/metrics': {
      get: {
        responses: { 200: { content: { 'text/plain; version=0.0.4': { schema: { type: 'string' } } } } },
      },
    },
  },
  components: {
    headers: { ETag: {}, 'RateLimit-Limit': {}, 'Retry-After': {} },
    responses: {
      AnyError: {
        description: '417 `expectation_failed`: Not known\n\n503 `overloaded`: Too much to do',
        headers: { 'RateLimit-Limit': {}, 'Retry-After': {} },
        ...failure,
      },
    },
    schemas: {
      User: {
        type: 'object',
        properties: {
          id: { type: 'integer' },
          email: { type: 'string' },
          created_at: { type: 'string', format: 'date-time' },
        },
        required: ['id', 'email', 'created_at'],
      },
      UserWithVersions: {
        allOf: [
          { $ref: '#/components/schemas/User' },
          {
            type: 'object',
            properties: { versions: { type: 'array', items: { $ref: '#/components/schemas/User' } } },
            required: ['versions'],
          },
        ],
      },
      Problem: {
        type: 'object',
        properties: {
          ...strings('type', 'title', 'detail', 'code', 'request_id'),
          status: { type: 'integer' },
        },
        required: ['type', 'title', 'status', 'detail', 'code', 'request_id'],
        additionalProperties: false,
      },
    },
  },
}

let server: Server
let canned: Canned
let received: IncomingMessage
let url: string

beforeAll(async () => {
  server = createServer((request, response) => {
    received = request
    const { status, headers, body = '' } = canned
    response.writeHead(status, headers)
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const json = (status: number, body: unknown): Canned => ({
  status,
  headers: { 'content-type': 'application/json' },
  body,
})
const failed = (changed: Partial<typeof problem> = {}, headers: Record<string, string> = {}): Canned => {
  const body = { ...problem, ...changed }
  return {
    status: body.status,
    headers: { 'content-type': 'application/problem+json', 'x-request-id': 'r-1', ...headers },
    body,
  }
}

/** What comes of a request that is answered so. */
function answered(method: string, path: string, answer: Canned) {
  canned = answer
  return createApiClient({ url, document }).request({ method, path })
}

const code = (code: string, status: number) => ({ code, status, type: `/errors/${code}` })

test.each<[string, string, string, Canned]>([
  ['a resource', 'GET', '/users/7?fields=all', json(200, user)],
  ['one of two schemas together', 'GET', '/users/7/versions', json(200, { ...user, versions: [user] })],
  [
    'a media type with a charset',
    'GET',
    '/users/me',
    { status: 200, headers: { 'content-type': 'Text/Plain;charset=utf-8' }, body: 'ada' },
  ],
  [
    'a header that is described',
    'GET',
    '/users/7',
    { ...json(200, user), headers: { 'content-type': 'application/json', etag: '"1"', vary: '*' } },
  ],
  ['no body where none is described', 'DELETE', '/users/7', { status: 204 }],
  ['HEAD as GET, without its body', 'HEAD', '/users/7', json(200, '')],
  ['a described error', 'GET', '/users/7', failed()],
  ['a described 503 that is no problem', 'GET', '/health', json(503, {})],
  ['an error of `default`', 'GET', '/ping', failed(code('overloaded', 503), { 'retry-after': '1' })],
  [
    'a header of every answer',
    'GET',
    '/ping',
    { status: 200, headers: { 'ratelimit-limit': '9' }, body: '' },
  ],
  ['a path that is nowhere', 'GET', '/nowhere', failed(code('route_not_found', 404))],
  ['a path that cannot be read', 'GET', '/nowhere/%zz', failed(code('malformed_url', 400))],
  [
    'a method that is not allowed',
    'PATCH',
    '/users/7',
    failed(code('method_not_allowed', 405), { allow: 'GET' }),
  ],
])('%s passes', async (_, method, path, answer) => {
  expect(await answered(method, path, answer)).toMatchObject({
    status: answer.status,
    body: answer.body ?? '',
  })
})

test.each<[string, string, string, Canned, string]>([
  [
    'a status that is not described',
    'GET',
    '/users/7',
    json(202, user),
    'GET /users/7 -> 202: the document has only 200, 404',
  ],
  [
    'an error that `default` does not have',
    'GET',
    '/ping',
    failed(code('user_not_found', 404)),
    'only 200, 417, 503',
  ],
  [
    'a header of errors with a success',
    'GET',
    '/ping',
    { status: 200, headers: { 'retry-after': '1' }, body: '' },
    'does not say that it has the header Retry-After',
  ],
  ['an error that is not described', 'DELETE', '/users/7', failed(), 'only 204'],
  ['a success at a path that is nowhere', 'GET', '/nowhere', json(200, user), 'no such path and method'],
  ['a described code at a path that is nowhere', 'GET', '/nowhere', failed(), 'for a user_not_found'],
  [
    'a field too many',
    'GET',
    '/users/7',
    json(200, { ...user, password: 'x' }),
    'must NOT have additional properties',
  ],
  ...[
    { ...user, versions: [user], password: 'x' },
    { ...user, versions: [{ ...user, password: 'x' }] },
  ].map((body): [string, string, string, Canned, string] => [
    'a field too many of two schemas together',
    'GET',
    '/users/7/versions',
    json(200, body),
    'must NOT have additional properties',
  ]),
  [
    'a field too few of two schemas together',
    'GET',
    '/users/7/versions',
    json(200, { ...user, email: undefined, versions: [] }),
    "must have required property 'email'",
  ],
  [
    'a field too few',
    'GET',
    '/users/7',
    json(200, { ...user, email: undefined }),
    "must have required property 'email'",
  ],
  [
    'a field of another format',
    'GET',
    '/users/7',
    json(200, { ...user, created_at: 'today' }),
    'must match format "date-time"',
  ],
  [
    'another media type',
    'GET',
    '/users/7',
    { ...json(200, user), headers: { 'content-type': 'text/html' } },
    'text/html',
  ],
  ['no media type', 'GET', '/users/7', { status: 200, body: user }, 'missing'],
  [
    'a described parameter that is missing',
    'GET',
    '/metrics',
    { status: 200, headers: { 'content-type': 'text/plain' } },
    'version=0.0.4',
  ],
  [
    'a header that is described for other answers only',
    'DELETE',
    '/users/7',
    { status: 204, headers: { etag: '"1"' } },
    'does not say that it has the header ETag',
  ],
  ['a body that is no JSON', 'GET', '/users/7', json(200, '{"id":'), 'the body is no JSON: {"id":'],
  ['a body where none is described', 'GET', '/ping', json(200, user), 'the document has no body for it'],
  ['an error that is no problem', 'GET', '/nowhere', json(404, problem), 'an error is a problem'],
  [
    'an error under another status',
    'GET',
    '/users/7',
    { ...failed({ status: 409 }), status: 404 },
    'status 409',
  ],
  ['an error of another type', 'GET', '/users/7', failed({ type: 'about:blank' }), 'the type is about:blank'],
  [
    'an error of another request',
    'GET',
    '/users/7',
    failed({ request_id: 'r-2' }),
    'X-Request-Id, which is r-1',
  ],
  ['a 405 without Allow', 'PUT', '/users/7', failed(code('method_not_allowed', 405)), 'Allow'],
])('%s is refused', async (_, method, path, answer, message) => {
  await expect(answered(method, path, answer)).rejects.toThrow(message)
})

test('a path without parameters goes before one with them', async () => {
  await expect(answered('GET', '/users/me', json(200, user))).rejects.toThrow('text/plain')
})

test('a body goes as JSON, a raw one as it is, and headers of one request win over those of all', async () => {
  const client = createApiClient({ url, document, headers: { 'X-API-Key': 'common', 'X-Other': 'common' } })
  canned = json(201, user)
  await client.post('/users', { name: 'Ada' }, { headers: { 'x-api-key': 'own' } })
  expect(received.headers).toMatchObject({
    'content-type': 'application/json',
    'content-length': '14',
    'x-api-key': 'own',
    'x-other': 'common',
  })
  const headers = { 'Content-Type': 'text/csv' }
  await client.request({ method: 'POST', path: '/users', rawBody: 'a,b', headers })
  expect(received.headers).toMatchObject({ 'content-type': 'text/csv', 'content-length': '3' })
})
