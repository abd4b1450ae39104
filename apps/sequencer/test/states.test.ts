import { inspectLedger, until, type TestDatabase } from '@ordinal/testing'
import { nextState, numberEvents, numberStates } from '@ordinal/audit'
import { createLedgerDatabase, queryAsAdmin, startSequencer, upTo } from './sequencer'
import { bearer, secret } from './tokens'

let database: TestDatabase & { runtimeUrl: string }
let sequencer: Awaited<ReturnType<typeof startSequencer>>
let operator: { Authorization: string }

beforeEach(async () => {
  database = await createLedgerDatabase()
  sequencer = await startSequencer(database, { JWT_SECRET: secret })
  operator = await bearer('operator')
  await define('STRICT', '{prefix}{seq:4}', 'never', 'strict')
})
afterEach(async () => {
  await sequencer.stop()
  expect((await inspectLedger(database)).faults).toEqual([])
  await database.drop()
})

const define = (prefix: string, template: string, reset: string, gapPolicy: string) =>
  queryAsAdmin(
    database,
    `INSERT INTO sequences (prefix, version, template, reset, gap_policy, business_date_past_days, created_by)
     VALUES ($1, 1, $2, $3, $4, NULL, 'test')`,
    [prefix, template, reset, gapPolicy],
  )

const reason = 'order cancelled'
const get = (path: string) => sequencer.api.get(`/api/v1/${path}`)
const next = async (prefix: string, body = {}) => {
  const answer = await sequencer.api.post(`/api/v1/next/${prefix}`, body)
  expect(answer.status).toBe(200)
  return answer.body
}
const step = (number: string, event: string, headers = {}, query = '') =>
  sequencer.api.post(
    `/api/v1/numbers/${encodeURIComponent(number)}/${event}${query}`,
    event === 'confirm' ? {} : { reason },
    { headers: { ...operator, ...headers } },
  )
const history = async (number: string) => (await get(`numbers/${number}`)).body
const counts = async (prefix: string) => {
  const { current_counter, gaps, reserved } = (await get(`status/${prefix}`)).body
  return { current_counter, gaps, reserved }
}
test('the service and the database agree on what every event makes of every state', async () => {
  const rows = await queryAsAdmin<{ event: string; state: string; policy: string; next: string }>(
    database,
    `SELECT event, state, policy, next_state(event, state, policy) AS next
     FROM unnest($1::text[]) event, unnest($2::text[]) state, unnest(ARRAY['recycle', 'strict']) policy`,
    [numberEvents, [...numberStates, null]],
  )
  expect(rows).toHaveLength(numberEvents.length * 5 * 2)
  for (const { event, state, policy, next } of rows)
    expect([event, state, policy, next]).toEqual([
      event,
      state,
      policy,
      nextState(event as 'issue', state as 'free', policy as 'strict'),
    ])
})

/** How a number comes to be in a state. */
const inState = {
  reserved: async (prefix: string) => next(prefix, { hold_seconds: 600 }),
  issued: async (prefix: string) => next(prefix),
  released: async (prefix: string) => {
    const { full_number } = await next(prefix)
    expect((await step(full_number, 'release')).status).toBe(200)
    return { full_number }
  },
  void: async (prefix: string) => {
    const { full_number } = await next(prefix)
    expect((await step(full_number, 'void')).status).toBe(200)
    return { full_number }
  },
}

describe.each([
  ['SG', 'free'],
  ['STRICT', 'void'],
])('a number of %s, where what is released is %s,', (prefix, released) => {
  test.each([
    ['reserved', 'confirm', 'issued'],
    ['reserved', 'release', released],
    ['issued', 'release', released],
    ['issued', 'void', 'void'],
  ] as const)('%s, %s: is %s', async (from, event, to) => {
    const { full_number } = await inState[from](prefix)
    const { status, body } = await step(full_number, event)
    expect([status, body.state, body.full_number]).toEqual([200, to, full_number])
    const found = await history(full_number)
    expect(found.state).toBe(to)
    expect(found.history.at(-1)).toMatchObject({
      event,
      state: to,
      reason: event === 'confirm' ? null : reason,
    })
    expect(await counts(prefix)).toEqual({ current_counter: 1, gaps: to === 'issued' ? 0 : 1, reserved: 0 })
  })

  test.each([
    ['reserved', 'void'],
    ['issued', 'confirm'],
    ['released', 'confirm'],
    ['released', 'release'],
    ['released', 'void'],
    ['void', 'confirm'],
    ['void', 'release'],
    ['void', 'void'],
  ] as const)('%s, %s: is refused with 409, and nothing changes', async (from, event) => {
    const { full_number } = await inState[from](prefix)
    const before = [await history(full_number), await counts(prefix)]
    const { status, body } = await step(full_number, event)
    expect([status, body.code]).toEqual([409, 'number_state_conflict'])
    expect(body.detail).toContain(`${full_number} is ${before[0].state}`)
    expect([await history(full_number), await counts(prefix)]).toEqual(before)
  })
})

test('one step that is refused does not hold up the others that come with it', async () => {
  const { numbers } = await next('SG', { count: 40, hold_seconds: 600 })
  const all: string[] = numbers.map(({ full_number }: { full_number: string }) => full_number)
  await Promise.all(all.filter((_, index) => index % 2).map((number) => step(number, 'confirm')))
  const answers = await Promise.all(all.map((number) => step(number, 'confirm')))
  expect(answers.map(({ status }) => status)).toEqual(all.map((_, index) => (index % 2 ? 409 : 200)))
})

test('of two steps at once that exclude each other one is made', async () => {
  for (let n = 0; n < 10; n += 1) {
    const { full_number } = await next('SG', { hold_seconds: 600 })
    const answers = await Promise.all([step(full_number, 'confirm'), step(full_number, 'confirm')])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
  }
})

test('a step may be repeated with its key, and another step with that key is refused', async () => {
  const { full_number } = await next('SG', { hold_seconds: 600 })
  const key = { 'Idempotency-Key': 'k' }
  const first = await step(full_number, 'confirm', key)
  await step(full_number, 'release')
  // Long since released, and still the answer is what it was.
  const again = await step(full_number, 'confirm', key)
  expect(again.body).toEqual(first.body)
  expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([200, 'true'])
  const other = (await next('SG', { hold_seconds: 600 })).full_number
  expect((await step(full_number, 'void', key)).body.code).toBe('idempotency_key_reused')
  const { full_number: third } = await next('SG', { hold_seconds: 600 })
  expect(third).not.toBe(other)
  expect((await step(third, 'confirm', key)).body.code).toBe('idempotency_key_reused')
})

test('a lease that ends makes a number of a strict sequence void, with the reason', async () => {
  const { full_number } = await next('STRICT', { hold_seconds: 1 })
  await until(async () => (await history(full_number)).state !== 'reserved')
  const { state, history: steps } = await history(full_number)
  expect([state, steps.at(-1)]).toEqual([
    'void',
    expect.objectContaining({ event: 'expire', reason: 'lease expired', caller: 'sequencer' }),
  ])
  expect(await counts('STRICT')).toEqual({ current_counter: 1, gaps: 1, reserved: 0 })
  expect((await step(full_number, 'confirm')).body.detail).toContain(`${full_number} is void`)
})

test('a lease that was held for its seconds ends by itself, and its value is issued again', async () => {
  const { full_number } = await next('SG', { hold_seconds: 1 })
  await until(async () => (await history(full_number)).state === 'free')
  expect(await next('SG')).toMatchObject({ full_number, state: 'issued' })
  expect((await history(full_number)).history.map(({ event }: { event: string }) => event)).toEqual([
    'reserve',
    'expire',
    'issue',
  ])
})

test('a lease that goes on, and a confirmed number, are left alone by the sweeper', async () => {
  const kept = await next('SG', { hold_seconds: 600 })
  const confirmed = await next('SG', { hold_seconds: 600 })
  await step(confirmed.full_number, 'confirm')
  const ended = await next('SG', { hold_seconds: 1 })
  await until(async () => (await history(ended.full_number)).state === 'free')
  expect((await history(kept.full_number)).state).toBe('reserved')
  expect((await history(confirmed.full_number)).state).toBe('issued')
})

test('what is free is issued again lowest first, and several at once get new values', async () => {
  const { numbers } = await next('SG', { count: 6 })
  for (const index of [4, 1, 3]) await step(numbers[index].full_number, 'release')
  expect((await get('preview/SG')).body).toMatchObject({ full_number: 'SG000002', counter: 2 })
  const several = await next('SG', { count: 2 })
  expect(several.numbers.map(({ counter }: { counter: number }) => counter)).toEqual([7, 8])
  expect((await next('SG', { hold_seconds: 60 })).counter).toBe(2)
  expect((await next('SG')).counter).toBe(4)
  expect((await next('SG')).counter).toBe(5)
  expect((await get('preview/SG')).body.counter).toBe(9)
  expect((await next('SG')).counter).toBe(9)
})

test('a strict sequence never issues again what was released', async () => {
  const { full_number } = await next('STRICT')
  await step(full_number, 'release')
  expect((await get('preview/STRICT')).body.counter).toBe(2)
  expect((await next('STRICT')).counter).toBe(2)
  expect((await get('gaps/STRICT')).body.data).toMatchObject([
    { counter: 1, state: 'void', event: 'release', reason },
  ])
})

test('a preview issues nothing', async () => {
  for (let n = 0; n < 3; n += 1) expect((await get('preview/SG')).body.counter).toBe(1)
  expect((await next('SG')).counter).toBe(1)
})

test('a value that is issued again under another date has that number, and the old one only its history', async () => {
  await define('DAY', '{prefix}{YYYY}{MM}{DD}-{seq}', 'yearly', 'recycle')
  const old = (await next('DAY', { business_date: '2020-01-31' })).full_number
  await step(old, 'release')
  const { full_number } = await next('DAY', { business_date: '2020-02-01' })
  expect([old, full_number]).toEqual(['DAY20200131-1', 'DAY20200201-1'])
  for (const event of ['confirm', 'release', 'void']) {
    const { status, body } = await step(old, event)
    expect([status, body.detail]).toEqual([
      409,
      `${old} was released, and its value is in use as ${full_number}`,
    ])
  }
  const found = await history(old)
  expect(found.history.map((entry: { full_number: string }) => entry.full_number)).toEqual([
    old,
    old,
    full_number,
  ])
  expect(await history(full_number)).toEqual(found)
  expect((await step(full_number, 'release')).status).toBe(200)
})

test('a number that two sequences have issued is ambiguous until one is named, and an unknown one is 404', async () => {
  await next('GLOBAL')
  await next('DEFAULT')
  expect(await get('numbers/1')).toMatchObject({ status: 409, body: { code: 'number_ambiguous' } })
  expect((await step('1', 'release')).body.code).toBe('number_ambiguous')
  expect((await get('numbers/1?prefix=GLOBAL')).body).toMatchObject({ prefix: 'GLOBAL', state: 'issued' })
  expect((await step('1', 'release', {}, '?prefix=GLOBAL')).body).toMatchObject({
    prefix: 'GLOBAL',
    state: 'free',
  })
  expect((await get('numbers/1?prefix=DEFAULT')).body.state).toBe('issued')
  for (const answer of [await get('numbers/SG999999'), await step('SG999999', 'confirm')])
    expect([answer.status, answer.body.code]).toEqual([404, 'number_not_found'])
})

test('a step may be repeated with its key also when another sequence has issued such a number since', async () => {
  await next('GLOBAL', {})
  const key = { 'Idempotency-Key': 'k' }
  expect((await step('1', 'release', key)).body).toMatchObject({ prefix: 'GLOBAL', state: 'free' })
  await next('DEFAULT')
  const again = await step('1', 'release', key)
  expect(again.headers.get('idempotency-replayed')).toBe('true')
  expect(again.body).toMatchObject({ prefix: 'GLOBAL', state: 'free' })
  expect((await step('1', 'void', key)).body.code).toBe('idempotency_key_reused')
  expect((await step('1', 'release', { 'Idempotency-Key': 'other' })).body.code).toBe('number_ambiguous')
})

test('the longest number that a template can make is found', async () => {
  const prefix = 'P'.repeat(32)
  await define(prefix, '{prefix}'.repeat(11) + '{seq}', 'never', 'recycle')
  const { full_number } = await next(prefix)
  expect(full_number).toBe(`${prefix.repeat(11)}1`)
  expect((await step(full_number, 'release')).body.state).toBe('free')
})

test('numbers with characters that a path does not have are found', async () => {
  await define('ODD', 'A/B ü{seq}?#%', 'never', 'recycle')
  const { full_number } = await next('ODD')
  expect((await get(`numbers/${encodeURIComponent(full_number)}`)).body.full_number).toBe('A/B ü1?#%')
  expect((await step(full_number, 'release')).status).toBe(200)
})

test('the history has who, what, why and when, of each step', async () => {
  const asked = { client_id: 'erp', generated_by: 'ada', hold_seconds: 60, business_date: '2020-02-29' }
  const { full_number } = await next('INV', asked)
  await step(full_number, 'confirm', { 'X-Request-Id': 'the-second' })
  await step(full_number, 'void')
  const { history: steps, ...number } = await history(full_number)
  expect(number).toEqual({ full_number, counter: 1, prefix: 'INV', period: '2020', state: 'void' })
  expect(steps).toMatchObject([
    { revision: 1, event: 'reserve', state: 'reserved', ...asked, reason: null },
    { revision: 2, event: 'confirm', state: 'issued', request_id: 'the-second', hold_seconds: null },
    { revision: 3, event: 'void', state: 'void', reason },
  ])
  const times = steps.map(({ at }: { at: string }) => at)
  expect([...times].sort()).toEqual(times)
})

test('gaps come in pieces, each once, by state and period', async () => {
  const { numbers } = await next('INV', { count: 30, business_date: '2020-01-01' })
  await Promise.all(
    numbers
      .slice(0, 20)
      .map(({ full_number, counter }: { full_number: string; counter: number }) =>
        step(full_number, counter % 2 ? 'release' : 'void'),
      ),
  )
  const read = async (query: string) => {
    const found: { counter: number; state: string }[] = []
    for (let cursor = ''; ;) {
      const { body } = await get(`gaps/INV?period=2020&page_size=7${query}${cursor}`)
      expect(body.data.length).toBeLessThanOrEqual(7)
      found.push(...body.data)
      if (!body.pagination.next_cursor) return found
      cursor = `&cursor=${body.pagination.next_cursor}`
    }
  }
  expect((await read('')).map(({ counter, state }) => [counter, state])).toEqual(
    upTo(20).map((value) => [value, value % 2 ? 'free' : 'void']),
  )
  expect((await read('&state=free')).map(({ counter }) => counter)).toEqual(upTo(20).filter((n) => n % 2))
  expect((await read('&state=void')).map(({ counter }) => counter)).toEqual(
    upTo(20).filter((n) => n % 2 === 0),
  )
  expect((await get('gaps/INV')).body.data).toEqual([])
  for (const query of ['cursor=nonsense', 'period=%00'])
    expect((await get(`gaps/INV?${query}`)).body.code).toBe('validation_failed')
})

test.each([0, -1, 1.5, 30 * 24 * 60 * 60 + 1, '60', null])(
  'a hold of %p seconds is refused',
  async (hold_seconds) => {
    const { status, body } = await sequencer.api.post('/api/v1/next/SG', { hold_seconds })
    expect([status, body.code]).toEqual([400, 'validation_failed'])
    expect((await counts('SG')).current_counter).toBe(0)
  },
)

test('a hold may be as long as thirty days, for as many numbers as may be', async () => {
  expect((await next('SG', { hold_seconds: 30 * 24 * 60 * 60 })).state).toBe('reserved')
  expect((await get('next/SG?hold_seconds=2592000')).body.state).toBe('reserved')
  expect((await next('SG', { hold_seconds: 1, count: 1000 })).numbers).toHaveLength(1000)
  // More than the sweeper takes at once.
  await until(async () => (await counts('SG')).reserved === 2)
  expect(await counts('SG')).toEqual({ current_counter: 1002, gaps: 1000, reserved: 2 })
})

test.each(['release', 'void'])('a %s needs its reason', async (event) => {
  const { full_number } = await next('SG')
  const { status, body } = await sequencer.api.post(
    `/api/v1/numbers/${full_number}/${event}`,
    {},
    { headers: operator },
  )
  expect([status, body.code]).toEqual([400, 'validation_failed'])
})

test('to make a number void takes an operator', async () => {
  const { full_number } = await next('SG')
  const path = `/api/v1/numbers/${full_number}/void`
  expect((await sequencer.api.post(path, { reason })).body.code).toBe('authentication_required')
  const viewer = await bearer('viewer')
  expect((await sequencer.api.post(path, { reason }, { headers: viewer })).body.code).toBe('role_too_low')
  expect((await history(full_number)).state).toBe('issued')
})
