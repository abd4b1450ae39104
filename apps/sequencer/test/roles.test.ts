import { createHash } from 'node:crypto'
import type { TestDatabase } from '@ordinal/testing'
import { createLedgerDatabase, startSequencer } from './sequencer'
import { bearer, secret } from './tokens'

const machineKey = 'k'.repeat(43)
const env = {
  JWT_SECRET: secret,
  API_KEYS: `shop:${createHash('sha256').update(machineKey).digest('hex')}`,
}

/** What each operation asks for. One that is not here, and one that is gone, fails the test. */
const asked: Record<string, string[]> = {
  nothing: [
    'GET /api/v1/audit/keys',
    'GET /api/v1/gaps/{prefix}',
    'GET /api/v1/gaps/{prefix}/map',
    'GET /api/v1/next/{prefix}',
    'GET /api/v1/numbers/{number}',
    'GET /api/v1/preview/{prefix}',
    'GET /api/v1/sequence/next',
    'GET /api/v1/sequence/stats',
    'GET /api/v1/status/{prefix}',
    'GET /docs',
    'GET /errors/{code}',
    'GET /health',
    'GET /health/live',
    'GET /health/ready',
    'GET /metrics',
    'GET /metrics/db',
    'GET /openapi.json',
    'GET /v1/sequence',
    'POST /api/v1/demo/basic',
    'POST /api/v1/demo/concurrent',
    'POST /api/v1/demo/gaps',
    'POST /api/v1/demo/load-test',
    'POST /api/v1/next/{prefix}',
    'POST /api/v1/numbers/{number}/confirm',
    'POST /api/v1/numbers/{number}/release',
    'POST /api/v1/numbers:batch',
    'POST /api/v1/sequence/next',
    'POST /api/v1/sequence/release',
    'POST /v1/sequence',
  ],
  viewer: [
    'GET /api/v1/audit',
    'GET /api/v1/audit/checkpoints',
    'GET /api/v1/audit/export',
    'GET /api/v1/audit/verify',
    'GET /api/v1/sequences',
    'GET /api/v1/sequences/{prefix}',
    'GET /api/v1/sites',
    'GET /api/v1/sites/{site_id}',
    'GET /api/v1/stream',
    'POST /api/v1/audit/verify',
  ],
  operator: ['POST /api/v1/numbers/{number}/void', 'POST /api/v1/sequences/{prefix}/periods/{period}/close'],
  admin: [
    'DELETE /api/v1/sequences/{prefix}',
    'DELETE /api/v1/sites/{site_id}',
    'GET /api/v1/api-keys',
    'POST /api/v1/api-keys',
    'GET /api/v1/api-keys/{key_id}',
    'PUT /api/v1/api-keys/{key_id}',
    'DELETE /api/v1/api-keys/{key_id}',
    'POST /api/v1/api-keys/{key_id}/rotate',
    'GET /api/v1/api-keys:digests',
    'GET /api/v1/diagnostics',
    'POST /api/v1/api-keys:used',
    'POST /api/v1/sequences',
    'POST /api/v1/sequences/{prefix}/import',
    'POST /api/v1/sites',
    'PUT /api/v1/sequences/{prefix}',
    'PUT /api/v1/sites/{site_id}',
  ],
}

let database: TestDatabase & { runtimeUrl: string }
let sequencer: Awaited<ReturnType<typeof startSequencer>>

beforeAll(async () => {
  database = await createLedgerDatabase()
  sequencer = await startSequencer(database, env)
})
afterAll(async () => {
  await sequencer.stop()
  await database.drop()
})

const operations = () =>
  Object.entries(sequencer.openApi.paths!).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )

/** How a caller may be, and what it may do. */
const callers: [
  who: string,
  headers: () => Promise<Record<string, string>>,
  may: string[],
  otherwise: number,
][] = [
  ['nobody', () => Promise.resolve({}), ['nothing'], 401],
  ['a token of no role', () => bearer('clerk'), ['nothing'], 403],
  ['a viewer', () => bearer('viewer'), ['nothing', 'viewer'], 403],
  ['an operator', () => bearer('operator'), ['nothing', 'viewer', 'operator'], 403],
  ['a machine', () => Promise.resolve({ 'X-API-Key': machineKey }), ['nothing', 'viewer', 'operator'], 403],
  ['an administrator', () => bearer('admin'), Object.keys(asked), 403],
]

test('every operation is in the table', () => {
  expect(operations().sort()).toEqual(Object.values(asked).flat().sort())
})

test.each(callers)('%s may do what its role may, and nothing else', async (_, headersOf, may, otherwise) => {
  const headers = await headersOf()
  for (const [role, all] of Object.entries(asked)) {
    for (const operation of all) {
      const [method, path] = operation.split(' ') as [string, string]
      // With a parameter that does not exist, a role that may call gets that error, and nothing is done.
      const { status } = await sequencer.api.request({
        method,
        path: `${path.replaceAll(/\{\w+\}/g, 'SG')}?nothing=1`,
        headers,
      })
      const expected = may.includes(role) ? toldSo(operation) : otherwise
      expect([operation, status]).toEqual([operation, expected])
    }
  }
})

// A file is looked at before the parameters.
const toldSo = (operation: string) => (operation.endsWith('/import') ? 415 : 400)
