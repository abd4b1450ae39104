import { request as httpRequest } from 'node:http'
import { Client } from 'pg'
import { anOrder, createWorld, expectNumbersToMatch, until, type Instance, type World } from './world'

// A call may take far longer than anybody waits here: what ends in time ends by its caller's time.
const patientCalls = { ORDER_SERVICE_CALL_TIMEOUT_MS: '30000', ORDER_SERVICE_NUMBERING_INTERVAL_MS: '50' }
const farLessThanACall = 15_000
const state = 'order_service_circuit_breaker_state{service="user-service"}'
const within = (ms: number) => ({ headers: { 'x-request-timeout-ms': String(ms) } })

/** The first answer that came in time: a busy machine may pause for longer than a caller waits. */
const inTime = <T extends { status: number }>(ask: () => Promise<T>) =>
  until(async () => {
    const answer = await ask()
    return answer.status !== 504 && answer
  })

let world: World
beforeEach(async () => {
  world = await createWorld()
})
afterEach(() => world.end())

/** A request whose caller can go away. */
function placeAndLeave(url: string) {
  const body = JSON.stringify(anOrder)
  const request = httpRequest(`${url}/api/v1/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-length': body.length },
  })
  request.on('error', () => undefined)
  request.end(body)
  return { leave: () => request.destroy() }
}

test('the user service and the sequencer get the remaining time', async () => {
  const { api } = await world.startService(patientCalls)
  expect((await api.post('/api/v1/orders', anOrder, within(20_000))).status).toBe(201)
  await api.post('/api/v1/orders', anOrder)
  const timeoutsOf = (seen: { headers: object }[]) =>
    seen.map(({ headers }) => Number((headers as Record<string, string>)['x-request-timeout-ms']))
  const [user, userOfPatient] = timeoutsOf(world.userService.seen)
  const [number, numberOfPatient] = timeoutsOf(world.sequencer.seen)
  expect(user).toBeLessThan(20_000)
  expect(number).toBeLessThan(user!)
  expect(number).toBeGreaterThan(0)
  for (const patient of [userOfPatient!, numberOfPatient!]) {
    expect(patient).toBeGreaterThan(20_000)
    expect(patient).toBeLessThanOrEqual(30_000)
  }
})

test('with a silent user service, who waits a second is refused after it; the breaker learns nothing by that', async () => {
  const { api, metric } = await world.startService(patientCalls)
  world.userService.mood = { is: 'silent' }
  // A pause of a busy machine may be longer than what is kept for the answer: then it is 504.
  const answers = await until(async () => {
    const startedAt = performance.now()
    const round = await Promise.all(
      Array.from({ length: 10 }, () => api.post('/api/v1/orders', anOrder, within(1000))),
    )
    expect(performance.now() - startedAt).toBeLessThan(farLessThanACall)
    return round.some(({ body }) => body.code === 'deadline_exceeded') ? undefined : round
  })
  for (const { status, body } of answers)
    expect([status, body.code]).toEqual([503, 'user_service_unavailable'])
  const ended = await metric('order_service_client_requests_total{service="user-service",outcome="deadline"}')
  // Orders of one user that come together ask for that user once.
  expect(ended).toBeGreaterThanOrEqual(1)
  expect(await metric(state)).toBe(0)
  expect(await world.query('SELECT id FROM orders')).toEqual([])
  await until(async () => (await world.userService.connections()) === 0)
})

test('who leaves no time to ask for the user is refused: hurry does not make the memory of an active user enough', async () => {
  const { api } = await world.startService(patientCalls)
  expect((await api.post('/api/v1/orders', anOrder)).status).toBe(201)
  for (const ms of [20, 90]) {
    const { status, body } = await api.post('/api/v1/orders', anOrder, within(ms))
    expect([status, body.code]).toEqual([504, 'deadline_exceeded'])
  }
  expect(world.userService.seen).toHaveLength(1)
  expect(await world.query('SELECT id FROM orders')).toHaveLength(1)
})

test('with a silent sequencer, who waits a second gets an order without its number', async () => {
  const { api } = await world.startService(patientCalls)
  world.sequencer.mood = { is: 'silent' }
  const { status, body } = await inTime(async () => {
    const startedAt = performance.now()
    const answer = await api.post('/api/v1/orders', anOrder, within(1000))
    expect(performance.now() - startedAt).toBeLessThan(farLessThanACall)
    return answer
  })
  expect([status, body.order_number]).toEqual([201, null])
})

test('a caller without time for it gets an order without its user', async () => {
  const { api } = await world.startService(patientCalls)
  const { body } = await api.post('/api/v1/orders', anOrder)
  const read = await inTime(() => api.get(`/api/v1/orders/${body.id}`, within(100)))
  expect([read.status, read.body.user]).toEqual([200, null])
  expect(world.userService.seen).toHaveLength(1)
})

test('for a caller who goes away while the user is looked up, nothing is done', async () => {
  const { url, log, metric } = await world.startService(patientCalls)
  world.userService.mood = { is: 'silent' }
  const caller = placeAndLeave(url)
  await until(() => world.userService.seen.length === 1)
  caller.leave()
  await until(async () => (await world.userService.connections()) === 0)
  await until(() => log.of('request').length > 0)
  expect(log.of('request')).toMatchObject([{ status: 499, aborted: true }])
  expect(
    await metric('order_service_client_requests_total{service="user-service",outcome="abandoned"}'),
  ).toBe(1)
  expect(await metric(state)).toBe(0)
  expect(await world.query('SELECT id FROM orders')).toEqual([])
  expect(world.sequencer.seen).toEqual([])
})

test('an order whose caller goes away while it gets its number is finished all the same', async () => {
  const { url } = await world.startService(patientCalls)
  world.sequencer.mood = { is: 'slow', ms: 300 }
  const caller = placeAndLeave(url)
  await until(() => world.sequencer.seen.length === 1)
  caller.leave()
  await until(
    async () => (await world.query('SELECT 1 FROM orders WHERE order_number IS NOT NULL')).length === 1,
  )
  await expectNumbersToMatch(world)
  expect(world.sequencer.seen).toHaveLength(1)
})

test.each(['0', 'soon', '-5', '3600001'])('a time of "%s" is refused', async (time) => {
  const { api } = await world.startService()
  const { status, body } = await api.post('/api/v1/orders', anOrder, {
    headers: { 'x-request-timeout-ms': time },
  })
  expect([status, body.errors[0].path]).toEqual([400, 'headers.X-Request-Timeout-Ms'])
})

test.each(['patch', 'delete'] as const)(
  '%s, which waits for a lock past its time, changes nothing',
  async (method) => {
    const { api } = await world.startService()
    await api.post('/api/v1/orders', anOrder)
    const admin = new Client(world.database.adminUrl)
    await admin.connect()
    await admin.query('BEGIN; SELECT FROM orders WHERE id = 1 FOR UPDATE')
    const late =
      method === 'patch'
        ? await api.patch('/api/v1/orders/1', { status: 'confirmed' }, within(300))
        : await api.delete('/api/v1/orders/1', within(300))
    expect([late.status, late.body.code]).toEqual([504, 'deadline_exceeded'])
    await admin.query('ROLLBACK')
    await admin.end()
    expect((await api.get('/api/v1/orders/1')).body).toMatchObject({ status: 'pending', version: 1 })
  },
)

describe('while the database does not answer, an order is answered in time', () => {
  /** Who uses the table waits, until `release` is called. */
  async function hold(table: string) {
    const admin = new Client(world.database.adminUrl)
    await admin.connect()
    await admin.query(`BEGIN; LOCK TABLE ${table}`)
    return async function release() {
      await admin.query('ROLLBACK')
      await admin.end()
    }
  }
  const key = { 'idempotency-key': 'patience' }
  const place = async (instance: Instance, headers: Record<string, string>) => {
    const startedAt = performance.now()
    const answer = await instance.api.post('/api/v1/orders', anOrder, {
      // Time enough to get as far as the table.
      headers: { ...headers, 'x-request-timeout-ms': '3000' },
    })
    expect(performance.now() - startedAt).toBeLessThan(farLessThanACall)
    return [answer.status, answer.body.code ?? answer.body.order_number]
  }
  /** Its answer once it has got as far as the table: a pause of a busy machine may be longer than that takes. */
  const placeAsFar = (instance: Instance, headers: Record<string, string>) =>
    until(async () => {
      const answer = await place(instance, headers)
      return !['deadline_exceeded', 'user_service_unavailable'].includes(answer[1]) && answer
    })

  test('and not placed later, if its key is being looked up', async () => {
    const instance = await world.startService(patientCalls)
    const release = await hold('idempotency_records')
    expect(await place(instance, key)).toEqual([504, 'deadline_exceeded'])
    await release()
    // What comes later with another key is done after it.
    await instance.api.post('/api/v1/orders', anOrder, { headers: { 'idempotency-key': 'later' } })
    expect(await world.query('SELECT id FROM orders')).toHaveLength(1)
  })

  test.each([
    ['its intent is', 'orders', key, [503, 'outcome_unknown']],
    ['its intent, without a key, is', 'orders', {}, [503, 'outcome_unknown']],
    ['its answer is', 'outbox', key, [503, 'outcome_unknown']],
    ['its answer, without a key, is', 'outbox', {}, [201, null]],
  ])('and finished later, if %s being committed', async (_, table, headers, answer) => {
    const instance = await world.startService(patientCalls)
    const release = await hold(table)
    expect(await placeAsFar(instance, headers)).toEqual(answer)
    await release()
    const numbered = 'SELECT id FROM orders WHERE order_number IS NOT NULL'
    await until(async () => (await world.query(numbered)).length === 1)
    if ('idempotency-key' in headers) {
      const again = await until(async () => {
        const { status, body } = await instance.api.post('/api/v1/orders', anOrder, { headers })
        return status === 201 ? body : undefined
      })
      expect(again.id).toBe(1)
    }
    expect(await world.query('SELECT id FROM orders')).toHaveLength(1)
    await expectNumbersToMatch(world)
  })
})
