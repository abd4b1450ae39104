import Ajv2020 from 'ajv/dist/2020'
import addFormats from 'ajv-formats'
import { createTestDatabase, type TestDatabase } from '@ordinal/testing'
import { startFakeService } from './fake-service'
import { openApiStructure } from './openapi-structure'

interface Parameter {
  name: string
  in: string
  required?: boolean
  schema: object
}
interface Operation {
  operationId: string
  parameters?: Parameter[]
  requestBody?: { required: boolean; content: Record<string, { schema: object }> }
  responses: Record<
    string,
    {
      description: string
      headers?: Record<string, { $ref: string }>
      content?: Record<string, { schema: object }>
    }
  >
  security: Record<string, string[]>[]
}

const tokens = {
  jwtSecret: undefined,
  jwksUrl: undefined,
  jwtIssuer: undefined,
  jwtAudience: undefined,
  jwtClockToleranceSeconds: 5,
  jwtMaxLifetimeSeconds: 86_400,
}

let database: TestDatabase
let fake: Awaited<ReturnType<typeof startFakeService>>
let operations: (Operation & { method: string; path: string })[]

beforeAll(async () => {
  database = await createTestDatabase()
  fake = await startFakeService(database.url, {}, { tokens })
  const document = fake.service.openApi
  const paths = document.paths as Record<string, Record<string, Operation>>
  operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      ...withoutReferences(operation, document.components as Components),
    })),
  )
})
afterAll(async () => {
  await fake.service.stop()
  await database.drop()
})

type Components = Record<'parameters' | 'requestBodies' | 'responses', Record<string, object>>

/** The operation with what it refers to in place of the references. */
function withoutReferences(operation: Operation, components: Components): Operation {
  const resolve = <T extends object>(part: T): T => {
    const [, , kind, name] = '$ref' in part ? String(part.$ref).split('/') : []
    return kind && name ? (components[kind as keyof Components][name] as T) : part
  }
  const { parameters, requestBody, responses } = operation
  return {
    ...operation,
    ...(parameters && { parameters: parameters.map(resolve) }),
    ...(requestBody && { requestBody: resolve(requestBody) }),
    responses: Object.fromEntries(Object.entries(responses).map(([status, it]) => [status, resolve(it)])),
  }
}

const find = (method: string, path: string) =>
  operations.find((it) => it.method === method && it.path === path)!

test('the document that is served is the one of the service, and has the structure of OpenAPI 3.1', async () => {
  const { body } = await fake.api.get('/openapi.json')
  expect(body).toEqual(JSON.parse(JSON.stringify(fake.service.openApi)))
  const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true })
  const validate = ajv.compile(openApiStructure)
  validate(body)
  expect(validate.errors).toBeNull()
})

test('every schema in it is one of JSON Schema 2020-12, and every reference leads somewhere', () => {
  const { components } = fake.service.openApi
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true })
  addFormats(ajv)
  ajv.addVocabulary(['example', 'components'])
  const schemas = operations.flatMap(({ parameters = [], requestBody, responses }) => [
    ...parameters.map(({ schema }) => schema),
    ...Object.values(requestBody?.content ?? {}).map(({ schema }) => schema),
    ...Object.values(responses).flatMap(({ content = {} }) =>
      Object.values(content).map(({ schema }) => schema),
    ),
  ])
  expect(schemas.length).toBeGreaterThan(50)
  for (const schema of schemas) expect(() => ajv.compile({ ...schema, components })).not.toThrow()
})

test('what is documented is what there is: the routes of the service and those of the chassis', () => {
  expect(operations.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([
    'DELETE /api/v1/things/{id}',
    'GET /api/v1/callers/me',
    'GET /api/v1/faults/{kind}',
    'GET /api/v1/live',
    'GET /api/v1/next/{prefix}',
    'GET /api/v1/rows',
    'GET /api/v1/slow/{ms}',
    'GET /api/v1/streams/{kind}',
    'GET /api/v1/things',
    'GET /api/v1/things/{id}',
    'GET /docs',
    'GET /errors/{code}',
    'GET /health',
    'GET /health/live',
    'GET /health/ready',
    'GET /metrics',
    'GET /metrics/db',
    'GET /openapi.json',
    'POST /api/v1/next/{prefix}',
    'POST /api/v1/things',
    'PUT /api/v1/things/{id}',
  ])
})

test('every path is served for the methods that are documented, and for no other', async () => {
  for (const path of new Set(operations.map(({ path }) => path))) {
    const { status, headers } = await fake.api.request({
      method: 'OPTIONS',
      path: path.replaceAll(/\{\w+\}/g, '1'),
    })
    const documented = operations.filter((it) => it.path === path).map(({ method }) => method)
    const served = headers.get('allow')!.split(', ')
    expect([path, status, served.filter((method) => method !== 'HEAD')]).toEqual([
      path,
      405,
      documented.sort(),
    ])
  }
})

test('what several operations have is there once', () => {
  const { paths, components } = fake.service.openApi
  const all = Object.values(paths!).flatMap((methods) => Object.values(methods) as Operation[])
  const own = all.flatMap(({ parameters = [], requestBody, responses }) => [
    ...parameters,
    ...(requestBody ? [requestBody] : []),
    ...Object.values(responses),
  ])
  const texts = own.filter((part) => !('$ref' in part)).map((part) => JSON.stringify(part))
  expect(new Set(texts).size).toBe(texts.length)
  expect(Object.keys(components!.responses!)).toContain('AnyError')
  expect(Object.keys(components!.parameters!)).toContain('id')
})

test('every operation has an id of its own', () => {
  const ids = operations.map(({ operationId }) => operationId)
  expect(new Set(ids).size).toBe(ids.length)
})

test('the parameters of a path are those of its template, and required', () => {
  for (const { path, parameters = [] } of operations) {
    const inPath = parameters.filter((parameter) => parameter.in === 'path')
    expect(inPath.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? [])
    expect(inPath.every(({ required }) => required)).toBe(true)
  }
})

test('numbers and flags of a query are documented as such, with their defaults', () => {
  const query = find('GET', '/api/v1/things').parameters!
  expect(query.map(({ name, schema }) => [name, schema])).toEqual([
    ['page', { type: 'integer', minimum: 1, maximum: 1_000_000, default: 1 }],
    ['page_size', { type: 'integer', minimum: 1, maximum: 100, default: 20 }],
    // As others have it, too.
    ['search', { $ref: '#/components/schemas/name' }],
    ['is_active', { type: 'boolean' }],
  ])
  const { name } = fake.service.openApi.components!.schemas!
  expect(name).toMatchObject({ type: 'string', minLength: 1, maxLength: 20 })
  expect(query.some(({ required }) => required)).toBe(false)
})

test.each([
  ['Idempotency-Key', ['POST /api/v1/things']],
  ['If-Match', ['GET /api/v1/things/{id}', 'DELETE /api/v1/things/{id}']],
  ['If-None-Match', ['GET /api/v1/things/{id}']],
  ['X-Request-Timeout-Ms', ['GET /api/v1/slow/{ms}']],
])('the header %s is documented where it is taken, and nowhere else', (header, routes) => {
  const taking = operations.filter(({ parameters = [] }) => parameters.some(({ name }) => name === header))
  expect(taking.map(({ method, path }) => `${method} ${path}`)).toEqual(routes)
})

test('every error is documented as a problem', () => {
  expect(operations.length).toBeGreaterThan(0)
  for (const { path, responses } of operations) {
    for (const [status, { content }] of Object.entries(responses)) {
      if (Number(status) < 400 || path.startsWith('/health')) continue
      expect([path, status, content]).toEqual([
        path,
        status,
        { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      ])
    }
  }
})

test('what any request can meet is under `default`, by status, and what only some can is not', () => {
  const codesOf = (method: string, path: string) =>
    find(method, path)
      .responses.default!.description.split('\n\n')
      .flatMap((line) => Array.from(line.matchAll(/`\w+`/g), ([code]) => `${line.slice(0, 3)} ${code}`))
  const anywhere = ['400 `malformed_request`', '417 `expectation_failed`', '421 `host_not_allowed`']
  for (const { method, path } of operations)
    expect(codesOf(method, path)).toEqual(expect.arrayContaining([...anywhere, '500 `internal_error`']))
  expect(codesOf('POST', '/api/v1/things')).toContain('403 `cross_site_request`')
  expect(codesOf('GET', '/api/v1/things')).not.toContain('403 `cross_site_request`')
  expect(codesOf('GET', '/health/live')).not.toContain('429 `rate_limited`')
  // For a header Authorization with something else than a token.
  expect(codesOf('GET', '/api/v1/faults/{kind}')).toContain('401 `authentication_required`')
  expect(codesOf('GET', '/health/live')).not.toContain('401 `authentication_required`')
  // A status of its own hides `default`.
  expect(find('GET', '/health').responses[503]!.description).toContain('`overloaded`')
})

test('a route that needs a role says so, with how to show it and what happens without', () => {
  const open = (security: Record<string, string[]>[]) => security.some((way) => Object.keys(way).length === 0)
  const needing = operations.filter(({ security }) => security.length > 0 && !open(security))
  expect(needing.map(({ method, path, security }) => [`${method} ${path}`, security])).toEqual([
    ['PUT /api/v1/things/{id}', [{ token: ['admin'] }]],
    ['GET /api/v1/callers/me', [{ token: ['viewer'] }, { apiKey: [] }]],
  ])
  for (const { responses } of needing) {
    expect(responses.default!.description).toContain('401 `authentication_required`')
    expect(responses.default!.description).toContain('403 `role_too_low`')
  }
  expect(Object.keys(fake.service.openApi.components!.securitySchemes!)).toEqual(['token', 'apiKey'])
})

test('a route that needs no role says that a key or a token may be sent, a probe that neither is looked at', () => {
  expect(find('GET', '/api/v1/things').security).toEqual([{}, { token: [] }, { apiKey: [] }])
  expect(find('GET', '/health').security).toEqual([])
})

test('an answer tells of the headers that it may have', () => {
  const headersOf = (method: string, path: string, status: string) =>
    Object.keys(find(method, path).responses[status]!.headers ?? {})
  const limits = ['RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset']
  expect(headersOf('POST', '/api/v1/things', '201')).toEqual(['Location', 'Idempotency-Replayed'])
  const ofErrors = ['Retry-After', 'WWW-Authenticate']
  expect(headersOf('GET', '/api/v1/things', 'default')).toEqual(['X-Request-Id', ...limits, ...ofErrors])
  expect(headersOf('GET', '/health/live', 'default')).toEqual(['X-Request-Id', 'Retry-After'])
  const described = Object.keys(fake.service.openApi.components!.headers!)
  for (const { responses } of operations)
    for (const { headers = {} } of Object.values(responses))
      for (const [name, { $ref }] of Object.entries(headers))
        expect([described.includes(name), $ref]).toEqual([true, `#/components/headers/${name}`])
})
