import { createHash } from 'node:crypto'
import { Client } from 'pg'
import { loadProtos } from '@ordinal/grpc'
import {
  createGrpcClient,
  until,
  type CallOptions,
  type GrpcAnswer,
  type GrpcClient,
  type TestDatabase,
} from '@ordinal/testing'
import { createLedgerDatabase, heldUp, queryAsAdmin, startSequencer, upTo, valuesIn } from './sequencer'
import { bearer, secret } from './tokens'

const protos = loadProtos(__dirname, 'sequencer.proto')
const machineKey = 'k'.repeat(43)
const env = {
  JWT_SECRET: secret,
  API_KEYS: `shop:${createHash('sha256').update(machineKey).digest('hex')}`,
  // Far longer than a test holds a counter: what ends sooner has been ended by its caller's deadline.
  SEQUENCER_REQUEST_TIMEOUT_MS: '60000',
}
const year = new Date().getUTCFullYear()

let database: TestDatabase & { runtimeUrl: string }
let sequencer: Awaited<ReturnType<typeof startSequencer>>
let client: GrpcClient

beforeEach(async () => {
  database = await createLedgerDatabase()
  sequencer = await startSequencer(database, env)
  client = createGrpcClient(sequencer.grpcPort!, protos, 'sequential.SequentialIDService')
})
afterEach(async () => {
  client.close()
  await sequencer.stop()
  await database.drop()
})

const call = (method: string, message: object, options: CallOptions = {}) =>
  client.call(method, message, options)
const next = (message: object = { prefix: 'SG' }, metadata: Record<string, string> = {}) =>
  call('GetNext', message, { metadata })
const outcome = ({ code, trailers }: GrpcAnswer) => [code, trailers['ordinal-error-code']]
const withKey = (key: string) => ({ 'x-idempotency-key': key })

test("the seed's call gets the number of its sequence", async () => {
  const { code, body } = await next({ prefix: 'INV', client_id: 'erp-system', generated_by: 'user123' })
  expect([code, body]).toEqual([
    'OK',
    { full_number: `INV${year}-0001`, counter: 1, prefix: 'INV', period: `${year}`, state: 'issued' },
  ])
  const [row] = await queryAsAdmin<Record<string, unknown>>(database, 'SELECT * FROM ledger')
  expect(row).toMatchObject({ client_id: 'erp-system', generated_by: 'user123', caller: 'anonymous' })
})

test('a batch follows the number before it, all contiguous', async () => {
  await next()
  const { body } = await call('GetNextBatch', { prefix: 'SG', count: 1000 })
  expect(body.numbers.map(({ counter }: { counter: number }) => counter)).toEqual(upTo(1001).slice(1))
  expect(body.numbers[999]).toEqual({
    full_number: 'SG001001',
    counter: 1001,
    prefix: 'SG',
    period: '',
    state: 'issued',
  })
})

test('a back-dated document takes its number from its own period', async () => {
  const { body } = await next({ prefix: 'INV', business_date: '2019-02-03' })
  expect(body).toMatchObject({ full_number: 'INV2019-0001', period: '2019' })
})

test('the status is what REST says it is', async () => {
  await call('GetNextBatch', { prefix: 'INV', count: 3 })
  await next({ prefix: 'INV', hold_seconds: 60 })
  for (const query of ['', '?business_date=2019-02-03']) {
    const business_date = query.split('=')[1] ?? ''
    const { body } = await call('GetStatus', { prefix: 'INV', business_date })
    expect(body).toEqual((await sequencer.api.get(`/api/v1/status/INV${query}`)).body)
  }
  expect((await call('GetStatus', { prefix: 'INV' })).body).toMatchObject({
    current_counter: 4,
    next_counter: 5,
    gaps: 0,
    reserved: 1,
    database_healthy: true,
  })
})

test('a reserved number is confirmed, an issued one released, and its value issued again', async () => {
  const shop = { metadata: { 'x-api-key': machineKey } }
  const { body: held } = await next({ prefix: 'SG', hold_seconds: 60 }, shop.metadata)
  expect(held).toMatchObject({ full_number: 'SG000001', state: 'reserved' })
  const confirmed = await call('Confirm', { prefix: 'SG', full_number: 'SG000001' }, shop)
  expect(confirmed.body).toEqual({ ...held, state: 'issued' })
  const released = await call('Release', { full_number: 'SG000001', reason: 'order cancelled' }, shop)
  expect(released.body).toEqual({ ...held, state: 'free' })
  expect((await next()).body).toEqual({ ...held, state: 'issued' })
  const { body } = await sequencer.api.get('/api/v1/numbers/SG000001')
  expect(body.history.map(({ event, reason }: Record<string, unknown>) => [event, reason])).toEqual([
    ['reserve', null],
    ['confirm', null],
    ['release', 'order cancelled'],
    ['issue', null],
  ])
})

test('what another caller drew is neither confirmed nor released, and what is sealed is not issued', async () => {
  await next({ prefix: 'SG', hold_seconds: 60 }, { 'x-api-key': machineKey })
  const held = ['PERMISSION_DENIED', 'number_held_by_another']
  expect(outcome(await call('Confirm', { full_number: 'SG000001' }))).toEqual(held)
  expect(outcome(await call('Release', { full_number: 'SG000001', reason: 'x' }))).toEqual(held)
  const headers = await bearer('admin')
  await sequencer.api.put('/api/v1/sequences/PO', { sealed_to: 'shop' }, { headers })
  expect(outcome(await next({ prefix: 'PO' }))).toEqual(['PERMISSION_DENIED', 'sequence_sealed'])
  expect(outcome(await next({ prefix: 'PO' }, { 'x-api-key': machineKey }))[0]).toBe('OK')
})

test('a step that is not allowed is refused, and changes nothing', async () => {
  await next()
  for (const [method, message, ...expected] of [
    ['Confirm', { full_number: 'SG000001' }, 'FAILED_PRECONDITION', 'number_state_conflict'],
    ['Confirm', { full_number: 'SG000002' }, 'NOT_FOUND', 'number_not_found'],
    ['Release', { prefix: 'INV', full_number: 'SG000001', reason: 'x' }, 'NOT_FOUND', 'number_not_found'],
    ['Release', { full_number: 'SG000001' }, 'INVALID_ARGUMENT', 'validation_failed'],
    ['Release', { reason: 'x' }, 'INVALID_ARGUMENT', 'validation_failed'],
  ] as const)
    expect(outcome(await call(method, message))).toEqual(expected)
  expect((await sequencer.api.get('/api/v1/numbers/SG000001')).body.history).toHaveLength(1)
})

test('a key gets the same answer over gRPC and over REST, in whichever it came first', async () => {
  const asked = { client_id: 'erp', count: 3 }
  const rest = (key: string) =>
    sequencer.api.post('/api/v1/next/SG', asked, { headers: { 'Idempotency-Key': key } })
  const grpc = (key: string) => call('GetNextBatch', { prefix: 'SG', ...asked }, { metadata: withKey(key) })

  const first = await grpc('a')
  expect(first.headers['idempotency-replayed']).toBeUndefined()
  const again = await rest('a')
  expect(again.body).toEqual(first.body)
  expect(again.headers.get('idempotency-replayed')).toBe('true')

  const { body } = await rest('b')
  const replayed = await grpc('b')
  expect(replayed.body).toEqual(body)
  expect(replayed.headers['idempotency-replayed']).toBe('true')
  expect(await valuesIn(database, 'SG')).toEqual(upTo(6))
})

test('a hundred calls at once with one key, half of them over REST, are one number', async () => {
  const answers = await Promise.all(
    upTo(50).flatMap(() => [
      next({ prefix: 'SG' }, withKey('k')).then(({ body }) => body.full_number),
      sequencer.api
        .post('/api/v1/next/SG', {}, { headers: { 'Idempotency-Key': 'k' } })
        .then(({ body }) => body.full_number),
    ]),
  )
  expect(new Set(answers)).toEqual(new Set(['SG000001']))
  expect(await valuesIn(database, 'SG')).toEqual([1])
})

test('a key belongs to its caller, to its sequence, and to one request', async () => {
  const token = { authorization: (await bearer('viewer')).Authorization }
  expect((await next({ prefix: 'SG' }, withKey('k'))).body.counter).toBe(1)
  expect((await next({ prefix: 'SG' }, { ...withKey('k'), 'x-api-key': machineKey })).body.counter).toBe(2)
  expect((await next({ prefix: 'SG' }, { ...withKey('k'), ...token })).body.counter).toBe(3)
  expect((await next({ prefix: 'GLOBAL' }, withKey('k'))).body.full_number).toBe('1')
  const other = await next({ prefix: 'SG', client_id: 'other' }, withKey('k'))
  expect(outcome(other)).toEqual(['FAILED_PRECONDITION', 'idempotency_key_reused'])
  const rows = await queryAsAdmin<{ caller: string }>(
    database,
    "SELECT caller FROM ledger WHERE prefix = 'SG' ORDER BY value",
  )
  expect(rows.map(({ caller }) => caller)).toEqual(['anonymous', 'shop', 'ada'])
})

test.each<[string, string, object, string, string]>([
  ['an unknown sequence', 'GetNext', { prefix: 'XYZ' }, 'NOT_FOUND', 'sequence_not_found'],
  ['the status of one', 'GetStatus', { prefix: 'XYZ' }, 'NOT_FOUND', 'sequence_not_found'],
  ['no sequence', 'GetNext', {}, 'INVALID_ARGUMENT', 'validation_failed'],
  ['no name of one', 'GetNext', { prefix: 'a b' }, 'INVALID_ARGUMENT', 'validation_failed'],
  ['a long client', 'GetNext', { client_id: 'x'.repeat(201) }, 'INVALID_ARGUMENT', 'validation_failed'],
  ['a control character', 'GetNext', { client_id: 'a\u0000b' }, 'INVALID_ARGUMENT', 'validation_failed'],
  ['no such day', 'GetNext', { business_date: '2026-02-30' }, 'INVALID_ARGUMENT', 'validation_failed'],
  ['a lease in the past', 'GetNext', { hold_seconds: -1 }, 'INVALID_ARGUMENT', 'validation_failed'],
  ['a batch without count', 'GetNextBatch', {}, 'INVALID_ARGUMENT', 'validation_failed'],
  ['a large batch', 'GetNextBatch', { count: 1001 }, 'INVALID_ARGUMENT', 'validation_failed'],
  ['a negative batch', 'GetNextBatch', { count: -1 }, 'INVALID_ARGUMENT', 'validation_failed'],
  ['a huge message', 'GetNext', { client_id: 'x'.repeat(200_000) }, 'RESOURCE_EXHAUSTED', 'body_too_large'],
])('%s: no number', async (what, method, message, ...expected) => {
  const prefix = what === 'no sequence' ? {} : { prefix: 'SG' }
  expect(outcome(await call(method, { ...prefix, ...message }))).toEqual(expected)
  expect(await valuesIn(database, 'SG')).toEqual([])
})

test('a wrong key or token gets no number', async () => {
  const wrong: Record<string, string>[] = [{ 'x-api-key': 'wrong' }, { authorization: 'Bearer wrong' }]
  const outcomes = []
  for (const metadata of wrong) outcomes.push(outcome(await next({ prefix: 'SG' }, metadata)))
  expect(outcomes).toEqual([
    ['UNAUTHENTICATED', 'invalid_api_key'],
    ['UNAUTHENTICATED', 'invalid_token'],
  ])
  expect(await valuesIn(database, 'SG')).toEqual([])
})

test('a request that waits beyond its deadline gets no number, then or later', async () => {
  await next()
  const admin = new Client(database.adminUrl)
  await admin.connect()
  await admin.query('BEGIN')
  await admin.query("SELECT FROM counters WHERE prefix = 'SG' FOR UPDATE")
  const waiting = next()
  await until(async () => {
    const { rowCount } = await admin.query(heldUp)
    return rowCount! > 0
  })
  // These queue behind it.
  const late = await Promise.all(upTo(5).map(() => call('GetNext', { prefix: 'SG' }, { deadlineMs: 200 })))
  expect(late.map(({ code }) => code)).toEqual(Array(5).fill('DEADLINE_EXCEEDED'))
  // Here their time is over a moment later than for the client.
  await until(async () => /^sequencer_requests_waiting 1$/m.test((await sequencer.api.get('/metrics')).body))
  await admin.query('ROLLBACK')
  await admin.end()
  expect((await waiting).body.counter).toBe(2)
  expect((await next()).body.counter).toBe(3)
  expect(await valuesIn(database, 'SG')).toEqual([1, 2, 3])
})

test('numbers that are under way when the service stops are all answered', async () => {
  const answers = upTo(200).map(() => next())
  await until(async () => (await valuesIn(database, 'SG')).length > 0)
  await sequencer.stop()
  const settled = await Promise.all(answers)
  const got = settled.filter(({ code }) => code === 'OK').map(({ body }) => body.counter as number)
  // None was issued without an answer.
  expect(got.sort((a, b) => a - b)).toEqual(await valuesIn(database, 'SG'))
  expect(settled.filter(({ code }) => !['OK', 'UNAVAILABLE'].includes(code))).toEqual([])
})

test('the metrics count calls by method and code', async () => {
  await next()
  await next({ prefix: 'XYZ' })
  const { body } = await sequencer.api.get('/metrics')
  const method = 'sequential.SequentialIDService/GetNext'
  expect(body).toContain(`sequencer_grpc_requests_total{method="${method}",code="OK"} 1`)
  expect(body).toContain(`sequencer_grpc_requests_total{method="${method}",code="NOT_FOUND"} 1`)
  expect(body).toContain(`sequencer_grpc_request_duration_seconds_count{method="${method}"} 2`)
  expect(body).toContain('sequential_ids_generated_total{prefix="SG"} 1')
})

test('numbers of several requests are asked for together, each with its own answer, and REST knows their keys', async () => {
  const { code, body } = await call('GetNextForEach', {
    requests: [
      { prefix: 'SG', idempotency_key: 'first', client_id: 'erp-system', request_id: 'r-1' },
      { prefix: 'XYZ', request_id: 'r-2' },
      { prefix: 'SG', client_id: 'x'.repeat(201) },
      { prefix: 'SG', hold_seconds: 60 },
    ],
  })
  expect(code).toBe('OK')
  expect(body.results).toMatchObject([
    { number: { full_number: 'SG000001', counter: 1, state: 'issued' } },
    { problem: { code: 'sequence_not_found', status: 404, request_id: 'r-2' } },
    { problem: { code: 'validation_failed', errors: [{ path: 'client_id' }] } },
    { number: { full_number: 'SG000002', state: 'reserved' } },
  ])
  const again = await sequencer.api.post('/api/v1/numbers:batch', {
    requests: [{ prefix: 'SG', idempotency_key: 'first', client_id: 'erp-system' }],
  })
  expect(again.body.results).toMatchObject([{ number: { full_number: 'SG000001' }, replayed: true }])
  await until(() => sequencer.lines.some((line) => line.includes('"r-2"')))
  expect(sequencer.lines.find((line) => line.includes('"items"'))).toContain(
    '{"request_id":"r-2","status":404}',
  )
})

test('a call for several numbers has 1 to 100 of them, and no key of its own', async () => {
  const one = { prefix: 'SG' }
  for (const requests of [[], Array(101).fill(one)])
    expect(outcome(await call('GetNextForEach', { requests }))).toEqual([
      'INVALID_ARGUMENT',
      'validation_failed',
    ])
  const keyed = await call('GetNextForEach', { requests: [one] }, { metadata: withKey('for-all') })
  expect(outcome(keyed)).toEqual(['INVALID_ARGUMENT', 'validation_failed'])
  expect(await valuesIn(database, 'SG')).toEqual([])
})
