import type { TestDatabase } from '@ordinal/testing'
import { createLedgerDatabase, startSequencer, upTo, valuesIn } from './sequencer'

let database: TestDatabase & { runtimeUrl: string }
let sequencer: Awaited<ReturnType<typeof startSequencer>>
const year = new Date().getUTCFullYear()

beforeEach(async () => {
  database = await createLedgerDatabase()
  sequencer = await startSequencer(database)
})
afterEach(async () => {
  await sequencer.stop()
  await database.drop()
})

test('the first number of SG is SG000001, and the status counts on', async () => {
  const { body, headers } = await sequencer.api.get('/api/v1/next/SG?client_id=erp-system')
  expect(body).toEqual({ full_number: 'SG000001', counter: 1, prefix: 'SG', period: '', state: 'issued' })
  expect(headers.get('cache-control')).toBe('no-store')
  const status = await sequencer.api.get('/api/v1/status/SG')
  expect(status.body).toEqual({
    prefix: 'SG',
    period: '',
    current_counter: 1,
    next_counter: 2,
    gaps: 0,
    reserved: 0,
    database_healthy: true,
  })
})

test('/v1/sequence counts 1, 2, 3', async () => {
  for (const sequence of [1, 2, 3])
    expect((await sequencer.api.get('/v1/sequence')).body).toEqual({ sequence })
})

test('/v1/sequence gives the same value for the same key, and says so', async () => {
  const ask = () => sequencer.api.get('/v1/sequence', { headers: { 'Idempotency-Key': 'simple-1' } })
  const [first, second] = [await ask(), await ask()]
  expect(first.headers.has('idempotency-replayed')).toBe(false)
  expect([second.body, second.headers.get('idempotency-replayed')]).toEqual([first.body, 'true'])
})

test('the sequences of the first start have their formats', async () => {
  const month = String(new Date().getUTCMonth() + 1).padStart(2, '0')
  const next = async (prefix: string) =>
    (await sequencer.api.post(`/api/v1/next/${prefix}`, {})).body.full_number
  expect(await next('ORD')).toBe(`ORD-${year}-000001`)
  expect(await next('INV')).toBe(`INV${year}-0001`)
  expect(await next('PO')).toBe(`PO${year}${month}-00000001`)
  expect(await next('GLOBAL')).toBe('1')
  expect(await next('DEFAULT')).toBe('1')
})

test('POST needs no body, and takes fields in both spellings', async () => {
  expect((await sequencer.api.post('/api/v1/next/SG')).body.counter).toBe(1)
  expect(
    (await sequencer.api.post('/api/v1/next/SG', { client_id: 'a', generated_by: 'b' })).body.counter,
  ).toBe(2)
  expect(
    (await sequencer.api.post('/api/v1/next/SG', { clientId: 'a', generatedBy: 'b' })).body.counter,
  ).toBe(3)
})

test('with count, so many numbers follow each other', async () => {
  await sequencer.api.post('/api/v1/next/SG')
  const { body } = await sequencer.api.post('/api/v1/next/SG', { count: 1000 })
  expect(body.numbers.map(({ counter }: { counter: number }) => counter)).toEqual(upTo(1001).slice(1))
  expect(body.numbers[999].full_number).toBe('SG001001')
  const one = await sequencer.api.get('/api/v1/next/SG?count=1')
  expect(one.body).toEqual({
    numbers: [{ full_number: 'SG001002', counter: 1002, prefix: 'SG', period: '', state: 'issued' }],
  })
})

test('a back-dated document takes its number from its own period, and disturbs no other', async () => {
  await sequencer.api.post('/api/v1/next/INV')
  const { body } = await sequencer.api.post('/api/v1/next/INV', { business_date: '2019-02-03' })
  expect(body).toMatchObject({ full_number: 'INV2019-0001', counter: 1, period: '2019' })
  expect((await sequencer.api.post('/api/v1/next/INV')).body).toMatchObject({
    full_number: `INV${year}-0002`,
  })
})

test.each([
  'erp\u202e',
  '\u2066erp',
  'e\u200brp',
  'erp\ufeffx',
  'erp\u2028x',
  'e\u00adrp',
  '\u3164',
  'erp\ufe0f',
  'e\u0007rp',
])('nobody goes on record as %j, which looks like another', async (name) => {
  for (const field of ['client_id', 'generated_by']) {
    const posted = await sequencer.api.post('/api/v1/next/SG', { [field]: name })
    const got = await sequencer.api.get(`/api/v1/next/SG?${field}=${encodeURIComponent(name)}`)
    for (const { status, body } of [posted, got])
      expect([status, body.errors?.[0].path]).toEqual([400, expect.stringContaining(field)])
  }
})

test('HEAD never issues', async () => {
  const answer = await fetch(`${sequencer.url}/api/v1/next/SG`, { method: 'HEAD' })
  expect(answer.status).toBe(405)
  expect((await fetch(`${sequencer.url}/v1/sequence`, { method: 'HEAD' })).status).toBe(405)
  expect(await valuesIn(database, 'SG')).toEqual([])
})

test('a repeated key gets the same answer, by GET and by POST, and issues nothing', async () => {
  const headers = { 'Idempotency-Key': '"8f14e45f"' }
  const first = await sequencer.api.post('/api/v1/next/SG', { client_id: 'erp', count: 3 }, { headers })
  expect(first.headers.get('idempotency-replayed')).toBeNull()
  await sequencer.api.post('/api/v1/next/SG')
  for (const again of [
    await sequencer.api.post(
      '/api/v1/next/SG',
      { client_id: 'erp', count: 3 },
      { headers: { 'Idempotency-Key': '8f14e45f' } },
    ),
    await sequencer.api.get('/api/v1/next/SG?client_id=erp&count=3', { headers }),
  ]) {
    expect(again.body).toEqual(first.body)
    expect(again.headers.get('idempotency-replayed')).toBe('true')
  }
  expect(await valuesIn(database, 'SG')).toEqual([1, 2, 3, 4])
})

test('a key of last year gets the number of last year', async () => {
  const headers = { 'Idempotency-Key': 'old' }
  const { body } = await sequencer.api.post('/api/v1/next/INV', { business_date: '2019-12-31' }, { headers })
  const again = await sequencer.api.post('/api/v1/next/INV', { business_date: '2019-12-31' }, { headers })
  expect(again.body).toEqual(body)
})

test.each([
  ['another client', { client_id: 'other' }],
  ['another count', { client_id: 'erp', count: 2 }],
  ['another date', { client_id: 'erp', business_date: '2019-01-01' }],
])('a key that is used for another request is refused: %s', async (_, body) => {
  const headers = { 'Idempotency-Key': 'k' }
  await sequencer.api.post('/api/v1/next/INV', { client_id: 'erp' }, { headers })
  const refused = await sequencer.api.post('/api/v1/next/INV', body, { headers })
  expect(refused.status).toBe(422)
  expect(refused.body.code).toBe('idempotency_key_reused')
  expect(await valuesIn(database, 'INV')).toEqual([1])
})

test('the same key in another sequence is another key', async () => {
  const headers = { 'Idempotency-Key': 'k' }
  expect((await sequencer.api.post('/api/v1/next/SG', {}, { headers })).body.full_number).toBe('SG000001')
  expect((await sequencer.api.post('/api/v1/next/GLOBAL', {}, { headers })).body.full_number).toBe('1')
})

test('64 clients that ask for 20,000 numbers get exactly 1 to 20,000', async () => {
  const got: number[] = []
  let left = 20_000
  const client = async () => {
    while (left-- > 0) {
      const answer = await fetch(`${sequencer.url}/api/v1/next/SG`, { method: 'POST' })
      got.push(((await answer.json()) as { counter: number }).counter)
    }
  }
  await Promise.all(upTo(64).map(client))
  expect(got.sort((a, b) => a - b)).toEqual(upTo(20_000))
  expect(await valuesIn(database, 'SG')).toEqual(upTo(20_000))
})

test('the metrics count the numbers, by sequence', async () => {
  await sequencer.api.post('/api/v1/next/SG', { count: 5 })
  await sequencer.api.post('/api/v1/next/INV')
  const { body } = await sequencer.api.get('/metrics')
  expect(body).toContain('sequential_ids_generated_total{prefix="SG"} 5')
  expect(body).toContain('sequential_ids_generated_total{prefix="INV"} 1')
  expect(body).toContain('sequential_id_generation_duration_seconds_count 2')
  expect(body).toContain('route="/api/v1/next/{prefix}"')
})

test('what a caller did wrong is no failed request for a number', async () => {
  const headers = { 'Idempotency-Key': 'k' }
  await sequencer.api.post('/api/v1/next/SG', { count: 2 }, { headers })
  expect((await sequencer.api.post('/api/v1/next/SG', { count: 3 }, { headers })).status).toBe(422)
  const { body } = await sequencer.api.get('/metrics')
  expect(body).toContain('sequencer_number_requests_failed_total 0')
  expect(body).toContain('sequential_id_generation_duration_seconds_count 1')
})

test.each([
  ['GET', '/api/v1/next/XYZ', undefined, 404, 'sequence_not_found'],
  ['GET', '/api/v1/status/XYZ', undefined, 404, 'sequence_not_found'],
  ['GET', `/api/v1/next/${'X'.repeat(33)}`, undefined, 400, 'validation_failed'],
  ['GET', '/api/v1/next/S%00G', undefined, 400, 'validation_failed'],
  ['GET', '/api/v1/next/SG?count=0', undefined, 400, 'validation_failed'],
  ['GET', '/api/v1/next/SG?count=1001', undefined, 400, 'validation_failed'],
  ['GET', '/api/v1/next/SG?count=1.5', undefined, 400, 'validation_failed'],
  ['GET', '/api/v1/next/SG?count=1&count=2', undefined, 400, 'validation_failed'],
  ['GET', '/api/v1/next/SG?client=erp', undefined, 400, 'validation_failed'],
  ['GET', `/api/v1/next/SG?client_id=${'x'.repeat(201)}`, undefined, 400, 'validation_failed'],
  ['GET', '/api/v1/next/SG?client_id=a%00b', undefined, 400, 'validation_failed'],
  ['GET', '/api/v1/next/INV?business_date=2026-02-30', undefined, 400, 'validation_failed'],
  ['POST', '/api/v1/next/SG', '{"count":"1"}', 400, 'validation_failed'],
  ['POST', '/api/v1/next/SG', '{"count":-1}', 400, 'validation_failed'],
  ['POST', '/api/v1/next/SG', '{"state":"void"}', 400, 'validation_failed'],
  ['POST', '/api/v1/next/SG', '{"counter":7}', 400, 'validation_failed'],
  ['POST', '/api/v1/next/SG', '{"__proto__":{"count":2}}', 400, 'validation_failed'],
  ['POST', '/api/v1/next/SG', '{"count":', 400, 'malformed_json'],
  ['POST', '/api/v1/next/SG', '[]', 400, 'validation_failed'],
  ['POST', '/api/v1/next/SG', `{"client_id":"${'x'.repeat(200_000)}"}`, 413, 'body_too_large'],
  ['DELETE', '/api/v1/next/SG', undefined, 405, 'method_not_allowed'],
  ['GET', '/api/v1/nexus', undefined, 404, 'route_not_found'],
])('%s %.40s %.40s is %i %s', async (method, path, rawBody, status, code) => {
  const headers: Record<string, string> = rawBody === undefined ? {} : { 'Content-Type': 'application/json' }
  const answer = await sequencer.api.request({ method, path, rawBody, headers })
  expect([answer.status, answer.body.code]).toEqual([status, code])
  expect(await valuesIn(database, 'SG')).toEqual([])
})

test.each(['""', 'a b', '', 'x'.repeat(256)])('the Idempotency-Key %.9j is refused', async (key) => {
  const answer = await sequencer.api.post('/api/v1/next/SG', {}, { headers: { 'Idempotency-Key': key } })
  expect([answer.status, answer.body.code]).toEqual([400, 'invalid_idempotency_key'])
  expect(await valuesIn(database, 'SG')).toEqual([])
})
