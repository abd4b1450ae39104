import type { ApiAnswer, TestDatabase } from '@ordinal/testing'
import { createLedgerDatabase, queryAsAdmin, startSequencer, upTo, valuesIn } from './sequencer'
import { bearer, secret } from './tokens'

const env = { JWT_SECRET: secret }
const a1 = { site_id: 'site-1', partition_id: 'partition-a' }
const b2 = { site_id: 'site-2', partition_id: 'partition-b' }

let database: TestDatabase & { runtimeUrl: string }
let sequencer: Awaited<ReturnType<typeof startSequencer>>

beforeEach(async () => {
  database = await createLedgerDatabase()
  sequencer = await startSequencer(database, env)
})
afterEach(async () => {
  await sequencer.stop()
  await database.drop()
})

const draw = (body: object, headers: Record<string, string> = {}) =>
  sequencer.api.post('/api/v1/sequence/next', body, { headers })
const numberOf = async (body: object) => (await draw(body)).body.sequence_number as number
const release = (sequence_number: number, of: object, reason = 'suppressed-bill') =>
  sequencer.api.post('/api/v1/sequence/release', { sequence_number, ...of, reason })
const stats = async (query = '') => (await sequencer.api.get(`/api/v1/sequence/stats${query}`)).body
const outcome = ({ status, body }: ApiAnswer) => [status, body.code]
const putSite = async (siteId: string, body: object) =>
  sequencer.api.put(`/api/v1/sites/${siteId}`, body, { headers: await bearer('admin') })

test('all sites, partitions and types draw on one sequence, by GET and by POST, in either spelling', async () => {
  const first = await sequencer.api.get(
    '/api/v1/sequence/next?siteId=site-1&partitionId=partition-a&invoiceType=on-cycle',
  )
  expect(first.body).toEqual({
    sequence_number: 1,
    full_number: '1',
    ...a1,
    invoice_type: 'on-cycle',
    state: 'issued',
  })
  expect(first.headers.get('cache-control')).toBe('no-store')
  const second = await draw({
    siteId: 'site-2',
    partitionId: 'partition-b',
    invoiceType: 'off-cycle',
    count: 1,
  })
  expect(second.body).toEqual({
    numbers: [{ sequence_number: 2, full_number: '2', ...b2, invoice_type: 'off-cycle', state: 'issued' }],
  })
  expect(await numberOf(a1)).toBe(3)
  const [row] = await queryAsAdmin(
    database,
    'SELECT site_id, partition_id, invoice_type FROM ledger WHERE value = 3',
  )
  expect(row).toEqual({ ...a1, invoice_type: 'on-cycle' })
})

test('a suppressed invoice leaves a gap with its reason in one step, and the next number fills it', async () => {
  await draw(a1)
  const suppressed = await draw({ ...a1, invoice_type: 'suppressed' })
  expect(suppressed.body).toMatchObject({ sequence_number: 2, state: 'free', invoice_type: 'suppressed' })
  expect((await sequencer.api.get('/api/v1/gaps/GLOBAL')).body.data).toEqual([
    expect.objectContaining({ counter: 2, state: 'free', event: 'suppress', reason: 'suppressed' }),
  ])
  expect(await numberOf(b2)).toBe(2)
  expect(await numberOf(b2)).toBe(3)
  const events = await queryAsAdmin(database, 'SELECT event FROM ledger WHERE value = 2 ORDER BY revision')
  expect(events).toEqual([{ event: 'suppress' }, { event: 'issue' }])
})

test('where released values stay void, so do suppressed ones', async () => {
  await sequencer.api.put(
    '/api/v1/sequences/GLOBAL',
    { gap_policy: 'strict' },
    { headers: await bearer('admin') },
  )
  expect((await draw({ ...a1, invoice_type: 'suppressed' })).body.state).toBe('void')
  expect(await numberOf(a1)).toBe(2)
})

test('a simulation returns the numbers that would come, and draws none', async () => {
  await draw({ ...a1, count: 3 })
  await release(2, a1)
  const simulated = { ...b2, invoice_type: 'simulated' }
  expect((await draw(simulated)).body).toEqual({
    sequence_number: 2,
    full_number: '2',
    ...simulated,
    state: 'unused',
  })
  const many = await draw({ ...simulated, count: 2 })
  expect(
    many.body.numbers.map(({ sequence_number }: { sequence_number: number }) => sequence_number),
  ).toEqual([4, 5])
  expect(await numberOf(b2)).toBe(2)
  expect(await valuesIn(database, 'GLOBAL')).toEqual([1, 2, 2, 2, 3])
  expect((await stats()).invoice_types.map((it: { invoice_type: string }) => it.invoice_type)).toEqual([
    'on-cycle',
  ])
})

test('simulation is switched off site by site, and on again', async () => {
  const simulated = { ...a1, invoice_type: 'simulated' }
  await putSite('site-1', { simulation: false })
  expect(outcome(await draw(simulated))).toEqual([409, 'simulation_off'])
  expect((await draw({ ...b2, invoice_type: 'simulated' })).status).toBe(200)
  expect((await draw(a1)).status).toBe(200)
  await putSite('site-1', { simulation: true })
  expect((await draw(simulated)).status).toBe(200)
})

test.each([
  [{ ...a1, site_id: 'site-9' }, 'There is no site "site-9"; there are site-1, site-2'],
  [
    { ...a1, partition_id: 'partition-z' },
    'There is no partition "partition-z" at site-1; there are partition-a, partition-b',
  ],
])('%j draws nothing, and the answer says which there are', async (body, detail) => {
  for (const invoice_type of ['on-cycle', 'off-cycle', 'simulated', 'suppressed']) {
    const answer = await draw({ ...body, invoice_type })
    expect(outcome(answer)).toEqual([422, 'site_unknown'])
    expect(answer.body.detail).toBe(detail)
  }
  expect(outcome(await sequencer.api.post('/api/v1/next/SG', body))).toEqual([422, 'site_unknown'])
  expect([await valuesIn(database, 'GLOBAL'), await valuesIn(database, 'SG')]).toEqual([[], []])
})

test.each([
  [{}],
  [{ site_id: 'site-1' }],
  [{ partition_id: 'partition-a' }],
  [{ ...a1, site_id: 'site 1' }],
  [{ ...a1, invoice_type: 'none' }],
  [{ ...a1, count: 0 }],
  [{ ...a1, count: 1001 }],
  [{ ...a1, count: '1' }],
  [{ ...a1, sequence_number: 7 }],
  [{ ...a1, state: 'void' }],
])('%j is no request for a number', async (body) => {
  expect(outcome(await draw(body))).toEqual([400, 'validation_failed'])
  expect(await valuesIn(database, 'GLOBAL')).toEqual([])
})

test('a repeated key gets the same number, suppressed ones too; with another site it is refused', async () => {
  const key = { 'Idempotency-Key': 'k1' }
  const suppressed = { ...a1, invoice_type: 'suppressed' }
  const first = await draw(suppressed, key)
  await draw(a1)
  const again = await draw(suppressed, key)
  expect(again.body).toEqual(first.body)
  expect(again.headers.get('idempotency-replayed')).toBe('true')
  expect(outcome(await draw({ ...suppressed, site_id: 'site-2' }, key))).toEqual([
    422,
    'idempotency_key_reused',
  ])
  expect(outcome(await draw(a1, key))).toEqual([422, 'idempotency_key_reused'])
})

test('a retry gets its number also when its site is out of use by now; a new request gets none', async () => {
  const key = { 'Idempotency-Key': 'k1' }
  const first = await draw({ ...a1, count: 2 }, key)
  await sequencer.api.delete('/api/v1/sites/site-1', { headers: await bearer('admin') })
  const again = await draw({ ...a1, count: 2 }, key)
  expect(again.body).toEqual(first.body)
  expect(again.headers.get('idempotency-replayed')).toBe('true')
  expect(outcome(await draw(a1, key))).toEqual([422, 'idempotency_key_reused'])
  expect(outcome(await draw(a1, { 'Idempotency-Key': 'k2' }))).toEqual([422, 'site_unknown'])
  expect(outcome(await draw(a1))).toEqual([422, 'site_unknown'])
  // What it drew may still be released.
  expect((await release(1, a1)).status).toBe(200)
})

test('the caller that has drawn a number may release it, and no other', async () => {
  await draw({ ...a1, count: 5 })
  for (const other of [b2, { ...a1, partition_id: 'partition-b' }, { ...a1, site_id: 'site-2' }]) {
    const refused = await release(5, other)
    expect(outcome(refused)).toEqual([409, 'number_of_another_site'])
    expect(refused.body.detail).toContain('5 was drawn by site-1, partition-a, and not by')
  }
  expect((await release(5, a1)).body).toEqual({
    sequence_number: 5,
    full_number: '5',
    ...a1,
    state: 'free',
  })
  expect(outcome(await release(5, a1))).toEqual([409, 'number_state_conflict'])
  expect(outcome(await release(5, b2))).toEqual([409, 'number_state_conflict'])
  expect(outcome(await release(6, a1))).toEqual([404, 'number_not_found'])
  expect(outcome(await release(0, a1))).toEqual([400, 'validation_failed'])
  // Filled by the other site, it is the other's.
  expect(await numberOf(b2)).toBe(5)
  expect(outcome(await release(5, a1))).toEqual([409, 'number_of_another_site'])
  const [last] = await queryAsAdmin(
    database,
    `SELECT site_id, partition_id, reason FROM ledger WHERE event = 'release'`,
  )
  expect(last).toEqual({ ...a1, reason: 'suppressed-bill' })
})

test('a number that was drawn without a site is no site to release', async () => {
  await sequencer.api.post('/api/v1/next/GLOBAL')
  const refused = await release(1, a1)
  expect(outcome(refused)).toEqual([409, 'number_of_another_site'])
  expect(refused.body.detail).toBe('1 was drawn by no site, and not by site-1, partition-a')
})

test('of many that release one number one does; and it goes to one of those that draw meanwhile', async () => {
  await draw(a1)
  const [releases, draws] = await Promise.all([
    Promise.all(upTo(20).map(() => release(1, a1))),
    Promise.all(upTo(20).map(() => numberOf(b2))),
  ])
  const done = releases.filter(({ status }) => status === 200).length
  expect(done).toBe(1)
  // By then it is free, or the other site's.
  expect(new Set(releases.map(({ status }) => status))).toEqual(new Set([200, 409]))
  expect(new Set(draws).size).toBe(20)
  const held = await queryAsAdmin<{ value: string; state: string }>(
    database,
    'SELECT DISTINCT ON (value) value, state FROM ledger ORDER BY value, revision DESC',
  )
  expect(held.length).toBe(Math.max(...draws, 1))
  const free = held.filter(({ state }) => state === 'free')
  expect(free.length).toBe(draws.includes(1) ? 0 : 1)
})

describe('where the values of all sites begin again every year', () => {
  beforeEach(async () => {
    const rules = { template: '{YYYY}-{seq}', reset: 'yearly', business_date_past_days: null }
    await sequencer.api.put('/api/v1/sequences/GLOBAL', rules, { headers: await bearer('admin') })
  })
  const drawIn = (year: number, site: object, count = 1) =>
    sequencer.api.post('/api/v1/next/GLOBAL', { ...site, business_date: `${year}-06-30`, count })
  const releaseWith = (key: string, body: object) =>
    sequencer.api.post('/api/v1/sequence/release', body, { headers: { 'Idempotency-Key': key } })

  test('a number of an earlier year is found by its sequence_number', async () => {
    await drawIn(2024, a1, 3)
    await drawIn(2025, b2, 3)
    expect((await release(3, a1)).body).toMatchObject({ full_number: '2024-3', state: 'free' })
    expect((await release(3, b2)).body).toMatchObject({ full_number: '2025-3', state: 'free' })
    expect(outcome(await release(3, b2))).toEqual([409, 'number_state_conflict'])
    expect(outcome(await release(4, b2))).toEqual([404, 'number_not_found'])
    expect(outcome(await release(2, { ...a1, partition_id: 'partition-b' }))).toEqual([
      409,
      'number_of_another_site',
    ])
  })

  test('a site that holds it in two years says which, by the whole number', async () => {
    await drawIn(2024, a1)
    await drawIn(2025, a1)
    const refused = await release(1, a1)
    expect(outcome(refused)).toEqual([409, 'number_ambiguous'])
    expect(refused.body.detail).toBe('site-1, partition-a holds 2025-1 and 2024-1: say which by full_number')
    const body = { ...a1, reason: 'suppressed-bill' }
    const released = await sequencer.api.post('/api/v1/sequence/release', { ...body, fullNumber: '2024-1' })
    expect(released.body).toMatchObject({ sequence_number: 1, full_number: '2024-1', state: 'free' })
    // Now there is one that it can mean.
    expect((await release(1, a1)).body).toMatchObject({ full_number: '2025-1' })
  })

  test('a repeated request means what it meant, whatever was drawn since', async () => {
    await drawIn(2024, a1)
    const body = { sequence_number: 1, ...a1, reason: 'suppressed-bill' }
    expect((await releaseWith('r-1', body)).body).toMatchObject({ full_number: '2024-1' })
    await drawIn(2025, a1)
    const again = await releaseWith('r-1', body)
    expect(again.headers.get('idempotency-replayed')).toBe('true')
    expect(again.body).toMatchObject({ full_number: '2024-1', state: 'free' })
    expect((await releaseWith('r-2', body)).body).toMatchObject({ full_number: '2025-1' })
    expect(outcome(await releaseWith('r-2', { ...body, sequence_number: 2 }))).toEqual([
      404,
      'number_not_found',
    ])
  })

  test.each([{}, { sequence_number: 1, full_number: '2024-1' }])('%j is refused', async (named) => {
    const refused = await sequencer.api.post('/api/v1/sequence/release', { ...named, ...a1, reason: 'x' })
    expect(outcome(refused)).toEqual([400, 'validation_failed'])
  })
})

test('/api/v1/next takes the site too, for any sequence, with a type that keeps the number', async () => {
  await sequencer.api.post('/api/v1/next/INV', { ...a1, invoice_type: 'off-cycle', count: 2 })
  await sequencer.api.get('/api/v1/next/INV?siteId=site-2&partitionId=partition-b')
  expect(await stats('?prefix=INV')).toMatchObject({
    prefix: 'INV',
    current_counter: 3,
    invoice_types: [
      { invoice_type: 'off-cycle', issued: 2 },
      { invoice_type: 'on-cycle', issued: 1 },
    ],
  })
  for (const body of [
    { site_id: 'site-1' },
    { partition_id: 'partition-a' },
    { ...a1, invoice_type: 'suppressed' },
  ])
    expect(outcome(await sequencer.api.post('/api/v1/next/INV', body))).toEqual([400, 'validation_failed'])
  expect(await valuesIn(database, 'INV')).toEqual([1, 2, 3])
})

test('the statistics add up: by site, by partition, by type, and with the ledger', async () => {
  const types = ['on-cycle', 'off-cycle', 'suppressed']
  const clients = upTo(8).map(async (client) => {
    const own = {
      site_id: `site-${(client % 2) + 1}`,
      partition_id: `partition-${client % 4 < 2 ? 'a' : 'b'}`,
    }
    for (const n of upTo(15)) {
      const invoice_type = types[(client + n) % 3]
      const count = n % 5 === 0 ? 3 : 1
      const { body } = await draw({ ...own, invoice_type, count })
      const [{ sequence_number }] = body.numbers
      if (n % 4 === 0 && invoice_type !== 'suppressed') await release(sequence_number, own)
    }
  })
  await Promise.all(clients)
  await sequencer.api.post(
    '/api/v1/numbers/1/void',
    { reason: 'spoilt' },
    { headers: await bearer('operator') },
  )

  const { sites, partitions, invoice_types, issued, released, ...totals } = await stats()
  const add = (rows: { issued: number; released: number }[]) => [
    rows.reduce((sum, row) => sum + row.issued, 0),
    rows.reduce((sum, row) => sum + row.released, 0),
  ]
  for (const shares of [sites, partitions, invoice_types]) expect(add(shares)).toEqual([issued, released])
  expect(sites).toHaveLength(2)
  expect(partitions).toHaveLength(4)

  const [ledger] = await queryAsAdmin<Record<string, string>>(
    database,
    `SELECT count(*) FILTER (WHERE event IN ('issue', 'suppress')) AS issued,
            count(*) FILTER (WHERE event IN ('release', 'suppress')) AS released FROM ledger`,
  )
  expect({ issued: Number(ledger!.issued), released: Number(ledger!.released) }).toEqual({ issued, released })
  const states = await queryAsAdmin<{ state: string; count: string }>(
    database,
    `SELECT state, count(*) FROM (SELECT DISTINCT ON (value) value, state FROM ledger ORDER BY value, revision DESC) l
     GROUP BY state`,
  )
  const counted = Object.fromEntries(states.map(({ state, count }) => [state, Number(count)]))
  expect(totals).toMatchObject({
    values: totals.current_counter,
    in_use: counted.issued,
    gaps: (counted.free ?? 0) + (counted.void ?? 0),
    reserved: 0,
  })
  expect(totals.values).toBe(totals.in_use + totals.gaps)
  // All of it was within this minute.
  expect(totals.numbers_per_second).toBeCloseTo(issued / 60, 5)
})

test('the rate counts numbers of the last minute only, and of very many commits the last ones', async () => {
  await draw({ ...a1, count: 60 })
  expect((await stats()).numbers_per_second).toBeCloseTo(1, 5)
  const older = "ALTER TABLE batches DISABLE TRIGGER ALL; UPDATE batches SET at = at - interval '2 minutes'"
  await queryAsAdmin(database, older)
  expect((await stats()).numbers_per_second).toBe(0)
  // 20,000 commits of 2 numbers each, 1 ms apart, the last of them now.
  await queryAsAdmin(
    database,
    `INSERT INTO batches (prefix, period, batch, rules_version, gap_policy, number_head, rows, hash, feed, at)
     SELECT 'GLOBAL', '', n, 1, 'recycle', '', 2, '', 0, clock_timestamp() - (20001 - n) * interval '1 ms'
     FROM generate_series(2, 20001) n;
     UPDATE counters SET batch = 20001 WHERE prefix = 'GLOBAL'`,
  )
  const { numbers_per_second } = await stats()
  // 10,000 commits took 10 s, and the statement some more.
  expect(numbers_per_second).toBeGreaterThan(500)
  expect(numbers_per_second).toBeLessThanOrEqual(2001)
})

test('statistics of a sequence that has issued nothing are zeros; of none there are none', async () => {
  expect(await stats()).toEqual({
    prefix: 'GLOBAL',
    period: '',
    current_counter: 0,
    values: 0,
    in_use: 0,
    reserved: 0,
    gaps: 0,
    numbers_per_second: 0,
    issued: 0,
    released: 0,
    sites: [],
    partitions: [],
    invoice_types: [],
  })
  expect(outcome(await sequencer.api.get('/api/v1/sequence/stats?prefix=NONE'))).toEqual([
    404,
    'sequence_not_found',
  ])
})

test('32 clients of all sites and types at once get numbers that no two share, and leave no hole', async () => {
  const got: number[] = []
  await Promise.all(
    upTo(32).map(async (client) => {
      const own = {
        site_id: `site-${(client % 2) + 1}`,
        partition_id: `partition-${client % 4 < 2 ? 'a' : 'b'}`,
      }
      for (const n of upTo(20)) {
        const invoice_type = n % 7 === 0 ? 'suppressed' : 'on-cycle'
        const { body } = await draw({ ...own, invoice_type })
        if (invoice_type === 'on-cycle') got.push(body.sequence_number)
      }
    }),
  )
  expect(new Set(got).size).toBe(got.length)
  const { current_counter, in_use, gaps } = await stats()
  expect(in_use).toBe(got.length)
  expect(in_use + gaps).toBe(current_counter)
})

test('HEAD draws nothing', async () => {
  const query = 'site_id=site-1&partition_id=partition-a'
  const answer = await fetch(`${sequencer.url}/api/v1/sequence/next?${query}`, { method: 'HEAD' })
  expect(answer.status).toBe(405)
  expect(await valuesIn(database, 'GLOBAL')).toEqual([])
})
