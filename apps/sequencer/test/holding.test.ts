import { createHash } from 'node:crypto'
import { inspectLedger, type TestDatabase } from '@ordinal/testing'
import { authorities, refusalToChange } from '../src/domain/holding'
import { createLedgerDatabase, queryAsAdmin, startSequencer } from './sequencer'
import { bearer, secret } from './tokens'

const keys = { shop: 's'.repeat(43), till: 't'.repeat(43) }
const API_KEYS = Object.entries(keys)
  .map(([name, key]) => `${name}:${createHash('sha256').update(key).digest('hex')}`)
  .join(',')

let database: TestDatabase & { runtimeUrl: string }
let sequencer: Awaited<ReturnType<typeof startSequencer>>
let callers: Record<'nobody' | 'shop' | 'till' | 'clerk' | 'viewer' | 'operator' | 'admin', object>

beforeAll(async () => {
  callers = {
    nobody: {},
    shop: { 'X-API-Key': keys.shop },
    till: { 'X-API-Key': keys.till },
    clerk: await bearer('none', 'carl'),
    viewer: await bearer('viewer', 'vera'),
    operator: await bearer('operator', 'otto'),
    admin: await bearer('admin', 'ada'),
  }
  database = await createLedgerDatabase()
  sequencer = await startSequencer(database, { JWT_SECRET: secret, API_KEYS })
})
afterAll(async () => {
  await sequencer.stop()
  expect((await inspectLedger(database)).faults).toEqual([])
  await database.drop()
})

type Caller = keyof typeof callers
const as = (caller: Caller, more = {}) => ({
  headers: { ...callers[caller], ...more } as Record<string, string>,
})
const draw = async (caller: Caller, prefix = 'SG', body = {}) => {
  const answer = await sequencer.api.post(`/api/v1/next/${prefix}`, body, as(caller))
  expect(answer.status).toBe(200)
  return answer.body.full_number as string
}
const reason = 'order cancelled'
const step = (caller: Caller, number: string, event: string, more = {}, query = '') =>
  sequencer.api.post(
    `/api/v1/numbers/${number}/${event}${query}`,
    event === 'confirm' ? {} : { reason },
    as(caller, more),
  )
const outcome = async (answer: ReturnType<typeof step>) => {
  const { status, body } = await answer
  return status === 200 ? 200 : [status, body.code]
}
const define = async (rules: object) => {
  const defined = await sequencer.api.post('/api/v1/sequences', rules, as('admin'))
  expect(defined.status).toBe(201)
}
const heldByAnother = [403, 'number_held_by_another']
const sealed = [403, 'sequence_sealed']

test('the service and the database agree on who may change what', async () => {
  const cases = []
  for (const event of ['confirm', 'release', 'expire', 'void'] as const)
    for (const caller of ['anonymous', 'shop', 'till'])
      for (const authority of authorities)
        for (const holder of ['anonymous', 'shop'])
          for (const confirmed of [true, false])
            for (const sealed_to of [null, 'shop', 'till'])
              for (const seconds of [0, 59, 60, 61, 3600])
                cases.push({ event, caller, authority, holder, confirmed, sealed_to, seconds, window: 60 })
  const rows = await queryAsAdmin<{ refusal: string | null }>(
    database,
    `SELECT refusal_to_change(event, caller, authority, holder, '2026-11-21 12:00Z', confirmed, sealed_to, "window",
              timestamptz '2026-11-21 12:00Z' + seconds * interval '1 second') AS refusal
     FROM json_to_recordset($1) c(event text, caller text, authority text, holder text, confirmed boolean, sealed_to text,
                                  seconds integer, "window" integer)`,
    [JSON.stringify(cases)],
  )
  const drawnAtMs = Date.parse('2026-11-21T12:00Z')
  expect(rows.map(({ refusal }) => refusal)).toEqual(
    cases.map(({ event, holder, confirmed, sealed_to, seconds, window, ...caller }) =>
      refusalToChange(
        event,
        caller,
        { holder, drawnAtMs, confirmed },
        { sealedTo: sealed_to, releaseWindowSeconds: window },
        drawnAtMs + seconds * 1000,
      ),
    ),
  )
})

test.each<[holder: Caller, caller: Caller, expected: unknown]>([
  ['nobody', 'nobody', 200],
  ['nobody', 'clerk', heldByAnother],
  ['nobody', 'viewer', heldByAnother],
  ['nobody', 'shop', 200],
  ['shop', 'nobody', heldByAnother],
  ['shop', 'clerk', heldByAnother],
  ['shop', 'viewer', heldByAnother],
  ['shop', 'till', heldByAnother],
  ['shop', 'shop', 200],
  ['shop', 'operator', 200],
  ['shop', 'admin', 200],
  ['clerk', 'clerk', 200],
  ['clerk', 'nobody', heldByAnother],
  ['clerk', 'shop', heldByAnother],
  ['admin', 'nobody', heldByAnother],
])('what %s drew, %s releases and confirms: %j', async (holder, caller, expected) => {
  expect(await outcome(step(caller, await draw(holder), 'release'))).toEqual(expected)
  const reserved = await draw(holder, 'SG', { hold_seconds: 600 })
  expect(await outcome(step(caller, reserved, 'confirm'))).toEqual(expected)
  expect(await outcome(step('admin', reserved, 'void'))).toEqual(
    expected === 200 ? 200 : [409, 'number_state_conflict'],
  )
})

test('a stranger releases nothing of what a key drew, one by one or of many, and no key of theirs changes that', async () => {
  const { body } = await sequencer.api.post(
    '/api/v1/next/SG',
    { count: 3 },
    as('shop', { 'Idempotency-Key': 'order-1' }),
  )
  for (const { full_number } of body.numbers)
    for (const caller of ['nobody', 'viewer', 'till'] as const)
      expect(await outcome(step(caller, full_number, 'release', { 'Idempotency-Key': 'order-1' }))).toEqual(
        heldByAnother,
      )
  expect(
    (await sequencer.api.get(`/api/v1/numbers/${body.numbers[0].full_number}`)).body.history,
  ).toHaveLength(1)
})

test('an anonymous caller releases nothing that was confirmed, by whomever', async () => {
  for (const who of ['nobody', 'shop', 'operator'] as const) {
    const number = await draw('nobody', 'SG', { hold_seconds: 600 })
    expect(await outcome(step(who, number, 'confirm'))).toBe(200)
    expect(await outcome(step('nobody', number, 'release'))).toEqual(heldByAnother)
  }
})

test('an anonymous caller releases within the window of the rules, and a retry by key is answered after it', async () => {
  await define({ prefix: 'NEVER', template: '{prefix}{seq}', release_window_seconds: 0 })
  expect(await outcome(step('nobody', await draw('nobody', 'NEVER'), 'release'))).toEqual(heldByAnother)
  expect(await outcome(step('shop', await draw('shop', 'NEVER'), 'release'))).toBe(200)

  await define({ prefix: 'SHORT', template: '{prefix}{seq}', release_window_seconds: 600 })
  const key = { 'Idempotency-Key': 'once' }
  const early = await draw('nobody', 'SHORT')
  expect(await outcome(step('nobody', early, 'release', key))).toBe(200)
  const [late, held] = [
    await draw('nobody', 'SHORT'),
    await draw('nobody', 'SHORT', { hold_seconds: 600 }),
  ] as [string, string]
  const shorter = { release_window_seconds: 1 }
  expect((await sequencer.api.put('/api/v1/sequences/SHORT', shorter, as('admin'))).status).toBe(200)
  await queryAsAdmin(database, 'SELECT pg_sleep(1)')
  expect(await outcome(step('nobody', late, 'release'))).toEqual(heldByAnother)
  expect(await outcome(step('nobody', held, 'release'))).toEqual(heldByAnother)
  expect(await outcome(step('nobody', held, 'confirm'))).toBe(200)
  expect(await outcome(step('nobody', early, 'release', key))).toBe(200)
})

test('the caller that draws a released number anew holds it, and its former holder does not', async () => {
  await define({ prefix: 'AGAIN', template: '{prefix}{seq}' })
  const number = await draw('shop', 'AGAIN')
  expect(await outcome(step('shop', number, 'release'))).toBe(200)
  expect(await draw('till', 'AGAIN')).toBe(number)
  expect(await outcome(step('shop', number, 'release'))).toEqual(heldByAnother)
  expect(await outcome(step('till', number, 'release'))).toBe(200)
})

test('a site releases what its caller drew, by value and by number', async () => {
  const place = { site_id: 'site-1', partition_id: 'partition-a' }
  for (const name of ['sequence_number', 'full_number'] as const) {
    const drawn = await sequencer.api.post('/api/v1/sequence/next', place, as('shop'))
    const release = (caller: Caller) =>
      outcome(
        sequencer.api.post(
          '/api/v1/sequence/release',
          { [name]: drawn.body[name], ...place, reason },
          as(caller),
        ),
      )
    for (const caller of ['nobody', 'viewer', 'till'] as const)
      expect(await release(caller)).toEqual(heldByAnother)
    expect(await release('shop')).toBe(200)
  }
})

describe('a sequence that is sealed', () => {
  beforeAll(() => define({ prefix: 'SEAL', template: '{prefix}{seq}', sealed_to: 'shop' }))
  const next = (caller: Caller, body = {}, more = {}) =>
    outcome(sequencer.api.post('/api/v1/next/SEAL', body, as(caller, more)))

  test.each(['anonymous', 'Anonymous', 'sequencer', '0rder-service', 'shop\u034f'])(
    'is never that of %j, which is nobody',
    async (sealed_to) => {
      const body = { prefix: 'OPEN', template: '{prefix}{seq}', sealed_to, reason: 'test' }
      expect(await outcome(sequencer.api.post('/api/v1/sequences', body, as('admin')))).toEqual([
        400,
        'validation_failed',
      ])
    },
  )

  test('issues and reserves for its caller alone, and shows itself to all', async () => {
    for (const caller of ['nobody', 'till', 'viewer', 'operator', 'admin'] as const) {
      expect(await next(caller)).toEqual(sealed)
      expect(await next(caller, { hold_seconds: 60, count: 2 })).toEqual(sealed)
      for (const path of ['preview/SEAL', 'status/SEAL', 'gaps/SEAL'])
        expect((await sequencer.api.get(`/api/v1/${path}`, as(caller))).status).toBe(200)
    }
    expect(await next('shop')).toBe(200)
  })

  test('is changed by its caller, and by an operator with a reason', async () => {
    const draws = (body = {}) => draw('shop', 'SEAL', body)
    for (const caller of ['nobody', 'till', 'viewer'] as const)
      expect(await outcome(step(caller, await draws(), 'release'))).toEqual(heldByAnother)
    expect(await outcome(step('operator', await draws({ hold_seconds: 60 }), 'confirm'))).toEqual(
      heldByAnother,
    )
    expect(await outcome(step('operator', await draws(), 'void'))).toBe(200)
    expect(await outcome(step('shop', await draws(), 'release'))).toBe(200)
  })

  test('answers a retry of the caller that drew from it before, and of no other', async () => {
    await define({ prefix: 'LATER', template: '{prefix}{seq}' })
    const key = { 'Idempotency-Key': 'before' }
    const asked = (caller: Caller, headers = key) =>
      sequencer.api.post('/api/v1/next/LATER', {}, as(caller, headers))
    const first = await asked('till')
    await sequencer.api.put('/api/v1/sequences/LATER', { sealed_to: 'shop' }, as('admin'))
    expect((await asked('till')).body).toEqual(first.body)
    expect(await outcome(asked('till', { 'Idempotency-Key': 'after' }))).toEqual(sealed)
    expect(await outcome(asked('nobody'))).toEqual(sealed)
  })

  test('is sealed by the database, too, for an instance that does not know it yet', async () => {
    await define({ prefix: 'RACE', template: '{prefix}{seq}' })
    const other = await startSequencer(database, { JWT_SECRET: secret, API_KEYS })
    try {
      const at = (caller: Caller) => other.api.post('/api/v1/next/RACE', {}, as(caller))
      expect(await outcome(at('nobody'))).toBe(200)
      await sequencer.api.put('/api/v1/sequences/RACE', { sealed_to: 'shop' }, as('admin'))
      const answers = await Promise.all([at('nobody'), at('shop'), at('till'), at('shop')].map(outcome))
      expect(answers).toEqual([sealed, 200, sealed, 200])
    } finally {
      await other.stop()
    }
  })
})

test.each(['release', 'void'])('the database makes no %s without a reason', async (event) => {
  const number = await draw('nobody')
  await expect(
    queryAsAdmin(
      database,
      `SELECT c.* FROM ledger l, change_numbers('SG', '', 1,
         ARRAY[ROW($2, 'anonymous', 'k', 1, l.value, l.number, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'r')::ledger_request],
         ARRAY['person'], false) c WHERE l.number = $1`,
      [number, event],
    ),
  ).rejects.toMatchObject({ code: '22023' })
})

describe('numbers that were not drawn', () => {
  const importNumbers = (prefix: string, numbers: string[]) =>
    sequencer.api.request({
      method: 'POST',
      path: `/api/v1/sequences/${prefix}/import?max_hole=10`,
      rawBody: ['number', ...numbers].join('\n'),
      headers: { 'Content-Type': 'text/csv', ...as('admin').headers },
    })

  test('what was imported is held by whoever imported it, and by no stranger, key or token', async () => {
    await define({ prefix: 'IMP', template: 'IMP{seq:4}' })
    expect((await importNumbers('IMP', ['IMP0001', 'IMP0002', 'IMP0005'])).body.imported).toBe(3)
    for (const caller of ['nobody', 'clerk', 'viewer', 'shop', 'till'] as const)
      expect([caller, await outcome(step(caller, 'IMP0001', 'release'))]).toEqual([caller, heldByAnother])
    expect((await step('nobody', 'IMP0001', 'void')).status).toBe(401)
    const { body } = await sequencer.api.get('/api/v1/numbers/IMP0001')
    expect(body.state).toBe('issued')
    // An operator takes it back, and so does the administrator who imported it; it cannot be confirmed.
    expect(await outcome(step('operator', 'IMP0001', 'release'))).toBe(200)
    expect(await outcome(step('admin', 'IMP0002', 'confirm'))).toEqual([409, 'number_state_conflict'])
    expect(await outcome(step('admin', 'IMP0002', 'void'))).toBe(200)
    // What the import left out is void, for everybody.
    for (const caller of ['nobody', 'operator'] as const)
      expect(await outcome(step(caller, 'IMP0003', 'release'))).toEqual([409, 'number_state_conflict'])
  })

  test('what was imported into a sealed sequence is held as all of its numbers are', async () => {
    await define({ prefix: 'IMS', template: 'IMS{seq:4}', sealed_to: 'shop' })
    expect((await importNumbers('IMS', ['IMS0001', 'IMS0002'])).body.imported).toBe(2)
    const refused = [403, 'number_held_by_another']
    expect(await outcome(step('till', 'IMS0001', 'release'))).toEqual(refused)
    expect(await outcome(step('nobody', 'IMS0001', 'release'))).toEqual(refused)
    expect(await outcome(step('shop', 'IMS0001', 'release'))).toBe(200)
  })

  test("a suppressed number is nobody's: no caller takes it on, and it is drawn again", async () => {
    const suppress = (caller: Caller) =>
      sequencer.api.post(
        '/api/v1/sequence/next',
        { site_id: 'site-1', partition_id: 'partition-a', invoice_type: 'suppressed' },
        as(caller),
      )
    const { status, body } = await suppress('shop')
    expect(status).toBe(200)
    const number = String(body.sequence_number ?? body.full_number)
    for (const caller of ['nobody', 'clerk', 'till', 'shop', 'operator', 'admin'] as const)
      for (const event of ['release', 'confirm'] as const)
        expect([caller, event, await outcome(step(caller, number, event, {}, '?prefix=GLOBAL'))]).toEqual([
          caller,
          event,
          [409, 'number_state_conflict'],
        ])
    // Whoever draws it now holds it.
    expect(await draw('till', 'GLOBAL')).toBe(number)
    expect(await outcome(step('shop', number, 'release', {}, '?prefix=GLOBAL'))).toEqual(heldByAnother)
    expect(await outcome(step('till', number, 'release', {}, '?prefix=GLOBAL'))).toBe(200)
  })
})

test('orders are numbered strictly from the first start', async () => {
  const { body } = await sequencer.api.get('/api/v1/sequences/ORD', as('viewer'))
  expect(body.gap_policy).toBe('strict')
})
