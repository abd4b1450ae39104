import { loadProtos } from '@ordinal/grpc'
import { createGrpcClient, type ApiAnswer } from '@ordinal/testing'
import { restoreLedger, type RestoredLedger } from './restored-ledger'
import { queryAsAdmin, type startSequencer } from './sequencer'
import { bearer } from './tokens'

type Sequencer = Awaited<ReturnType<typeof startSequencer>>

const serviceName = 'sequential.SequentialIDService'
const protos = loadProtos(__dirname, 'sequencer.proto')
const lastYear = new Date().getUTCFullYear() - 1
const site = { site_id: 'site-1', partition_id: 'partition-a' }
const reason = 'test'

/** What the ledger has before it is restored. */
const held = { number: 'SG000001', keyId: '' }
let ledger: RestoredLedger
let admin: Record<string, string>

beforeAll(async () => {
  admin = await bearer('admin')
  ledger = await restoreLedger(
    async ({ issue, post }) => {
      await issue('SG', 2)
      await post('/api/v1/sequence/next', site)
      const { body } = await post('/api/v1/api-keys', { name: 'erp' })
      held.keyId = (body as object as { api_key: { id: string } }).api_key.id
    },
    () => Promise.resolve(),
  )
})
afterAll(() => ledger.remove())

/** Each operation that writes, with a request that would be carried out; of those that take a number, of one that there is. */
const writes: Record<string, { path?: string; body?: unknown; csv?: string }> = {
  'POST /api/v1/next/{prefix}': {},
  'GET /api/v1/next/{prefix}': {},
  'POST /api/v1/numbers:batch': { body: { requests: [{ prefix: 'SG' }] } },
  'POST /v1/sequence': {},
  'GET /v1/sequence': {},
  'POST /api/v1/sequence/next': { body: site },
  'GET /api/v1/sequence/next': { path: '/api/v1/sequence/next?site_id=site-1&partition_id=partition-a' },
  'POST /api/v1/sequence/release': { body: { ...site, sequence_number: 1, reason } },
  'POST /api/v1/numbers/{number}/confirm': {},
  'POST /api/v1/numbers/{number}/release': { body: { reason } },
  'POST /api/v1/numbers/{number}/void': { body: { reason } },
  'POST /api/v1/sequences/{prefix}/import': { csv: 'number\nSG000009\n' },
  'POST /api/v1/sequences/{prefix}/periods/{period}/close': {
    path: `/api/v1/sequences/INV/periods/${lastYear}/close`,
    body: { reason },
  },
  'POST /api/v1/sequences': { body: { prefix: 'NEW', template: 'NEW{seq}' } },
  'PUT /api/v1/sequences/{prefix}': { body: { gap_policy: 'strict' } },
  'DELETE /api/v1/sequences/{prefix}': { path: '/api/v1/sequences/PO' },
  'POST /api/v1/sites': { body: { site_id: 'berlin', partitions: ['p'] } },
  'PUT /api/v1/sites/{site_id}': { body: { simulation: false } },
  'DELETE /api/v1/sites/{site_id}': {},
  'POST /api/v1/api-keys': { body: { name: 'shop' } },
  'POST /api/v1/api-keys/{key_id}/rotate': { body: { overlap_seconds: 60 } },
  'PUT /api/v1/api-keys/{key_id}': { body: { expires_at: '2999-01-01T00:00:00Z' } },
  'DELETE /api/v1/api-keys/{key_id}': {},
  'POST /api/v1/demo/basic': {},
  'POST /api/v1/demo/concurrent': {},
  'POST /api/v1/demo/gaps': {},
  'POST /api/v1/demo/load-test': {},
}
/**
 * Allowed once it is known that the ledger is older: lost sequences are made again before its counters are raised, and a key that leaked
 * is revoked.
 */
const onOlder = [
  'POST /api/v1/sequences',
  'PUT /api/v1/sequences/{prefix}',
  'DELETE /api/v1/sequences/{prefix}',
  'DELETE /api/v1/api-keys/{key_id}',
]
/** Not GET, and yet they write nothing to the ledger or the register. */
const others = ['POST /api/v1/audit/verify', 'POST /api/v1/api-keys:used']
const messages = {
  GetNext: { prefix: 'SG' },
  GetNextBatch: { prefix: 'SG', count: 2 },
  GetNextForEach: { requests: [{ prefix: 'SG' }] },
  Confirm: { full_number: held.number },
  Release: { full_number: held.number, reason },
}

async function call({ api }: Sequencer, operation: string): Promise<ApiAnswer> {
  const [method = '', documented = ''] = operation.split(' ')
  const { path = documented, body, csv } = writes[operation]!
  return api.request({
    method,
    path: path
      .replace('{number}', held.number)
      .replace('{prefix}', 'SG')
      .replace('{site_id}', 'site-1')
      .replace('{key_id}', held.keyId),
    headers: csv === undefined ? admin : { ...admin, 'Content-Type': 'text/csv' },
    ...(csv === undefined ? { body } : { rawBody: csv }),
  })
}
const codeOf = ({
  body,
}: {
  body: { code?: string; results?: { problem?: { code: string } }[] } | string
}) => (typeof body === 'string' ? body : (body.results?.[0]?.problem?.code ?? body.code))

/** Everything that is in the ledger and in the register. */
const contents = () =>
  queryAsAdmin(
    ledger.restored,
    [
      'ledger',
      'batches',
      'counters',
      'leases',
      'free_values',
      'register',
      'sequences',
      'sites',
      'api_keys',
      'closed_periods',
    ]
      .map((table) => `SELECT '${table}' AS name, to_jsonb(t)::text AS row FROM ${table} t`)
      .join(' UNION ALL ') + ' ORDER BY name, row',
  )

let sequencer: Sequencer

describe.each<[what: string, env: Record<string, string>, restored: boolean, refused: string[]]>([
  ['could not be compared', { SEQUENCER_KEPT_CHECKPOINT: '/nowhere/last.jws' }, false, Object.keys(writes)],
  ['was restored', {}, true, Object.keys(writes).filter((operation) => !onOlder.includes(operation))],
])('a ledger that %s', (_, env, restored, refused) => {
  beforeAll(async () => {
    const { name } = ledger.restored
    await queryAsAdmin(
      ledger.restored,
      `ALTER DATABASE "${name}" ${restored ? 'SET' : 'RESET'} ordinal.restored ${restored ? '= on' : ''}`,
    )
    sequencer = await ledger.start(env)
  })
  afterAll(() => sequencer.stop())

  test('each operation that is no GET, or issues, is in the table', () => {
    const { paths } = sequencer.openApi as { paths: Record<string, object> }
    const served = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    const writing = served.filter((operation) => !operation.startsWith('GET ') || operation in writes)
    expect(writing.sort()).toEqual([...Object.keys(writes), ...others].sort())
  })

  test.each(refused)('%s is refused, and writes nothing', async (operation) => {
    const before = await contents()
    const answer = await call(sequencer, operation)
    expect([codeOf(answer), await contents()]).toEqual(['ledger_behind', before])
    if (!operation.includes(':batch'))
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5'])
  })

  test('so is each method over gRPC that writes', async () => {
    const before = await contents()
    const client = createGrpcClient(sequencer.grpcPort!, protos, serviceName)
    const metadata = { authorization: admin.Authorization! }
    for (const [method, message] of Object.entries(messages)) {
      const { body, trailers } = await client.call(method, message, { metadata })
      expect([method, trailers['ordinal-error-code'] ?? codeOf({ body })]).toEqual([method, 'ledger_behind'])
    }
    client.close()
    expect(await contents()).toEqual(before)
  })
})

test('on a ledger that was restored rules are made again, and keys revoked, before its counters are raised', async () => {
  const service = await ledger.start()
  const statuses: number[] = []
  for (const operation of onOlder) statuses.push((await call(service, operation)).status)
  expect((await call(service, 'POST /api/v1/next/{prefix}')).status).toBe(503)
  await service.stop()
  expect(statuses).toEqual([201, 200, 204, 204])
})
