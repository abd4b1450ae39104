import { setTimeout as delay } from 'node:timers/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { anOrder, createWorld, leaveOrder, until, type World } from './world'

// A sequencer that lies in every way that it could. Whatever it answers: no two orders share a number, none loses the
// one it has, no call is a 5xx, and nobody asks it without end.

type Lie = (response: ServerResponse, key: string) => void

let world: World
let liar: Awaited<ReturnType<typeof startLiar>>
beforeEach(async () => {
  ;[world, liar] = await Promise.all([createWorld(), startLiar()])
})
afterEach(async () => {
  await world.end()
  await liar.stop()
})

/** Answers with a lie while there is one; else each key has its number, for ever. */
async function startLiar() {
  const numbers = new Map<string, string>()
  const state = {
    lie: undefined as Lie | undefined,
    keys: [] as string[],
    states: new Map<string, object>(),
    delayMs: 0,
  }
  const server = createServer((request, response) => {
    request.resume()
    setTimeout(answer, state.delayMs, request, response)
  })
  function answer(request: IncomingMessage, response: ServerResponse) {
    const read = /^\/api\/v1\/numbers\/([^?]+)/.exec(request.url ?? '')
    if (read) {
      return json(response, state.states.get(decodeURIComponent(read[1]!)) ?? { code: 'number_not_found' })
    }
    const key = String(request.headers['idempotency-key'])
    state.keys.push(key)
    if (state.lie) return state.lie(response, key)
    const number = numbers.get(key) ?? `ORD-${numbers.size + 1}`
    numbers.set(key, number)
    json(response, issued(number))
  }
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return Object.assign(state, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close').catch(() => undefined)
    },
  })
}

const json = (response: ServerResponse, body: unknown, status = 200, headers = {}) =>
  void response
    .writeHead(status, { 'content-type': 'application/json', ...headers })
    .end(JSON.stringify(body))

const issued = (full_number: unknown, more = {}) => ({
  full_number,
  counter: 1,
  prefix: 'ORD',
  period: '',
  state: 'issued',
  ...more,
})

const start = (more = {}) =>
  world.startService({
    ORDER_SERVICE_SEQUENCER_URL: liar.url,
    ORDER_SERVICE_NUMBERING_INTERVAL_MS: '50',
    CIRCUIT_BREAKER_TIMEOUT: '1',
    ...more,
  })

type Instance = Awaited<ReturnType<typeof start>>
const place = ({ api }: Instance) => api.post('/api/v1/orders', anOrder)

const numberOf = async (id: number) => {
  const [row] = await world.query<{ order_number: string | null }>(
    'SELECT order_number FROM orders WHERE id = $1',
    [id],
  )
  return row!.order_number
}
const conflictsOf = (id: number) =>
  world.query<{ key: string; number: string | null; held_by_order_id: string | null; reason: string }>(
    'SELECT key, number, held_by_order_id, reason FROM number_conflicts WHERE order_id = $1 ORDER BY id',
    [id],
  )

const value =
  (body: unknown, status = 200, headers = {}): Lie =>
  (response) =>
    json(response, body, status, headers)
const raw =
  (text: string, type = 'application/json'): Lie =>
  (response) =>
    void response.writeHead(200, { 'content-type': type }).end(text)

// What is no number of the sequence: the same key is asked again, and no other.
const nonsense: [string, Lie][] = [
  ['no body', raw('')],
  ['garbage', raw('{"full_number":')],
  ['HTML', raw('<html>ORD-9</html>', 'text/html')],
  ['a text', raw('"ORD-9"')],
  ['null', raw('null')],
  ['a list', value([issued('ORD-9')])],
  ['several numbers', value({ numbers: [issued('ORD-8'), issued('ORD-9')] })],
  ['an empty number', value(issued(''))],
  ['blanks around it', value(issued(' ORD-9'))],
  ['a number of 601 characters', value(issued('9'.repeat(601)))],
  ['a NUL', value(issued('ORD\u00009'))],
  ['a line break', value(issued('ORD-9\n10'))],
  ['an invisible character', value(issued('ORD-\u200b9'))],
  ['half of a surrogate pair', value(issued('ORD-\ud800'))],
  ['a number of JSON', value(issued(9))],
  ['true', value(issued(true))],
  ['an object', value(issued({ toString: 'ORD-9' }))],
  ['another sequence', value(issued('INV-9', { prefix: 'INV' }))],
  ['no sequence', value(issued('ORD-9', { prefix: undefined }))],
  ['an unknown state', value(issued('ORD-9', { state: 'lost' }))],
  ['a reservation', value(issued('ORD-9', { state: 'reserved' }))],
  ['a counter that is none', value(issued('ORD-9', { counter: -1 }))],
  ['201', value(issued('ORD-9'), 201)],
  ['204', (response) => void response.writeHead(204).end()],
  ['a redirect', value(issued('ORD-9'), 302, { location: '/api/v1/next/INV' })],
  ['401', value({ code: 'unauthenticated' }, 401)],
  ['404', value({ code: 'sequence_not_found' }, 404)],
  ['409', value({ code: 'sequence_exhausted' }, 409)],
  ['429', value({ code: 'rate_limited' }, 429)],
  ['500', value({ code: 'internal_error' }, 500)],
  [
    'a body that is cut',
    (response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' })
      response.write('{"full_number":"ORD-9"')
      setTimeout(() => response.destroy(), 20)
    },
  ],
  [
    'a body without end',
    (response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('{"full_number":"ORD-9"')
    },
  ],
  ['a body of 2 MB', raw(JSON.stringify(issued('ORD-9', { more: 'x'.repeat(2 ** 21) })))],
]

test.each(nonsense)(
  '%s is no number: the order waits, and gets its own under the same key',
  async (_, lie) => {
    const service = await start()
    liar.lie = lie
    const { status, body } = await place(service)
    expect([status, body.order_number]).toEqual([201, null])
    // At most one round of numbering and a repeat of each call: a refusal is asked again after five seconds.
    await delay(300)
    expect(liar.keys.length).toBeLessThan(20)
    expect(new Set(liar.keys)).toEqual(new Set([body.reference]))
    liar.lie = undefined
    await world.query('UPDATE orders SET numbering_after = now()')
    expect(await until(() => numberOf(body.id))).toBe('ORD-1')
    expect(await conflictsOf(body.id)).toEqual([])
  },
)

test('a number that another order holds: the order gets one under a derived key, and both are on record', async () => {
  const service = await start()
  const { body: first } = await place(service)
  liar.lie = (response, key) => {
    liar.lie = undefined
    expect(key).toHaveLength(36)
    json(response, issued(first.order_number))
  }
  const { status, body: second } = await place(service)
  expect([status, second.order_number]).toEqual([201, 'ORD-2'])
  expect(await numberOf(first.id)).toBe('ORD-1')
  expect(liar.keys).toEqual([first.reference, second.reference, `${second.reference}:2`])
  expect(await conflictsOf(second.id)).toEqual([
    {
      key: second.reference,
      number: 'ORD-1',
      held_by_order_id: String(first.id),
      reason: 'held_by_another_order',
    },
  ])
  const events = await world.query<{ event: { type: string; data: object } }>(
    `SELECT event FROM outbox WHERE subject = $1 ORDER BY position`,
    [second.reference],
  )
  expect(events.map(({ event }) => event.type)).toEqual(['order.number_conflict', 'order.created'])
  expect(events[0]!.event.data).toMatchObject({
    id: second.id,
    order_number: null,
    conflict: {
      reason: 'held_by_another_order',
      key: second.reference,
      refused_number: 'ORD-1',
      held_by_order_id: first.id,
    },
  })
  expect(service.log.of('an order cannot take the number that the sequencer answered')).toHaveLength(1)
  expect(await service.metric('order_service_number_conflicts_total{reason="held_by_another_order"}')).toBe(1)
})

test.each([
  ['no_longer_issued', value(issued('ORD-9', { state: 'void' }))],
  ['no_longer_issued', value(issued('ORD-9', { state: 'free' }))],
  ['key_used_elsewhere', value({ code: 'idempotency_key_reused' }, 422)],
])('%s: the next key is asked for', async (reason, lie) => {
  const service = await start()
  liar.lie = (response, key) => {
    liar.lie = undefined
    lie(response, key)
  }
  const { status, body } = await place(service)
  expect([status, body.order_number]).toEqual([201, 'ORD-1'])
  expect(liar.keys).toEqual([body.reference, `${body.reference}:2`])
  expect(await conflictsOf(body.id)).toMatchObject([{ reason, key: body.reference }])
})

type Step = [event: string, client_id?: string, generated_by?: string]
const ours = (event: string): Step => [event, 'order-service', 'user-1']
const after = (state: string, steps: Step[], full_number = 'ORD-9') => ({
  full_number,
  state,
  history: steps.map(([event, client_id = null, generated_by = null]) => ({
    event,
    client_id,
    generated_by,
  })),
})
const drawn = ours('issue')

test.each<[string, object, string]>([
  ['still its own', after('issued', [drawn]), 'ORD-9'],
  ['its own, and confirmed by an operator', after('issued', [drawn, ['confirm']]), 'ORD-9'],
  ['its own again, drawn by this service', after('issued', [drawn, ['release'], drawn]), 'ORD-9'],
  ["another user's", after('issued', [drawn, ['release'], ['issue', 'order-service', 'user-7']]), 'ORD-1'],
  ["another client's", after('issued', [drawn, ['release'], ['issue', 'erp', 'user-1']]), 'ORD-1'],
  ["nobody's in particular", after('issued', [drawn, ['release'], ['issue']]), 'ORD-1'],
  [
    'held by somebody who confirmed it in the name of this service',
    after('issued', [drawn, ['release'], ['reserve', 'erp'], ours('confirm')]),
    'ORD-1',
  ],
  [
    'reserved in the name of this service, which reserves nothing, and confirmed',
    after('issued', [drawn, ['release'], ours('reserve'), ours('confirm')]),
    'ORD-1',
  ],
  ['in use under another text', after('issued', [drawn, ['release'], drawn], 'ORD-2026-9'), 'ORD-1'],
  ['imported', after('issued', [ours('import')]), 'ORD-1'],
  ['never drawn', after('issued', []), 'ORD-1'],
  ['reserved', after('reserved', [drawn, ['release'], ours('reserve')]), 'ORD-1'],
  ['released since', after('free', [drawn, ours('release')]), 'ORD-1'],
  ['expired since', after('free', [drawn, ['release'], ours('reserve'), ['expire']]), 'ORD-1'],
  ['suppressed since', after('free', [drawn, ['release'], ours('suppress')]), 'ORD-1'],
  ['void since', after('void', [drawn, ours('void')]), 'ORD-1'],
])('a number given again that is %s', async (_, now, expected) => {
  const service = await start()
  liar.states.set('ORD-9', now)
  liar.lie = (response) => {
    liar.lie = undefined
    json(response, issued('ORD-9'), 200, { 'idempotency-replayed': 'true' })
  }
  const { body } = await place(service)
  expect(body.order_number).toBe(expected)
  const refused = [{ number: 'ORD-9', reason: 'no_longer_issued' }]
  expect(await conflictsOf(body.id)).toMatchObject(expected === 'ORD-9' ? [] : refused)
})

test.each([
  ['the caller', '5000', { 'x-request-timeout-ms': '1600' }],
  ['a call', '1500', {}],
])(
  'a number and the look whether it is still its own share the time of %s',
  async (_, timeoutMs, headers) => {
    const service = await start({ ORDER_SERVICE_CALL_TIMEOUT_MS: timeoutMs })
    liar.states.set('ORD-9', after('issued', [drawn]))
    liar.lie = value(issued('ORD-9'), 200, { 'idempotency-replayed': 'true' })
    // Each of the two has enough time, both together have not.
    liar.delayMs = 1000
    // A pause of a busy machine may leave no time for its user: then nothing was stored.
    const { status, body } = await until(async () => {
      const answer = await service.api.post('/api/v1/orders', anOrder, { headers })
      return !['deadline_exceeded', 'user_service_unavailable'].includes(answer.body.code) && answer
    })
    expect([status, body.order_number]).toEqual([201, null])
    liar.delayMs = 0
    expect(await until(() => numberOf(body.id))).toBe('ORD-9')
  },
)

test('numbering recovers in the same way, and orders of one batch that get one number share none', async () => {
  const orders = [await leaveOrder(world), await leaveOrder(world), await leaveOrder(world)]
  liar.lie = (response, key) => {
    if (key.includes(':')) liar.lie = undefined
    json(response, issued('ORD-7'))
  }
  await start()
  const held = await until(async () => {
    const numbers = await Promise.all(orders.map(({ id }) => numberOf(id)))
    return numbers.every(Boolean) && numbers
  })
  expect(new Set(held).size).toBe(3)
})

test('two orders that are placed at once and get one number share none', async () => {
  const service = await start()
  liar.lie = (response, key) => json(response, issued(key.includes(':') ? `ORD-${key}` : 'ORD-7'))
  const placed = await Promise.all(Array.from({ length: 8 }, () => place(service)))
  const numbers = placed.map(({ body }) => body.order_number as string)
  expect(placed.map(({ status }) => status)).toEqual(Array(8).fill(201))
  expect(numbers).not.toContain(null)
  expect(new Set(numbers).size).toBe(8)
})

test('a sequencer that lies on and on, each time otherwise, is asked ever more rarely; once it is mended, all is', async () => {
  const service = await start()
  const held = [(await place(service)).body, (await place(service)).body]
  let turn = 0
  const lies = [issued('ORD-1'), issued('ORD-2'), issued('ORD-2', { state: 'void' })]
  liar.lie = (response) => json(response, lies[turn++ % lies.length])
  liar.keys.length = 0
  const { status, body } = await place(service)
  expect([status, body.order_number]).toEqual([201, null])
  await delay(3_000)
  // One after another at first, then after 2, 4, 8 … seconds, at most 300.
  expect(liar.keys.length).toBeLessThan(8)
  expect(new Set(liar.keys).size).toBe(liar.keys.length)
  expect(await Promise.all(held.map(({ id }) => numberOf(id)))).toEqual(['ORD-1', 'ORD-2'])
  liar.lie = undefined
  await world.query('UPDATE orders SET numbering_after = now()')
  expect(await until(() => numberOf(body.id))).toBe('ORD-3')
})

test('of conflicts without end the first ten are on record, and the key is counted on', async () => {
  await start()
  liar.lie = value({ code: 'idempotency_key_reused' }, 422)
  // Nobody gets its number before it has come so far.
  const { id, reference } = await leaveOrder(world, { leasedSeconds: 60 })
  await world.query('UPDATE orders SET numbering_attempt = 10, numbering_after = now() WHERE id = $1', [id])
  await until(() => liar.keys.includes(`${reference}:10`))
  await until(async () => (await conflictsOf(id)).length === 1)
  await world.query('UPDATE orders SET numbering_after = now()')
  await until(() => liar.keys.includes(`${reference}:11`))
  await until(async () => (await world.query('SELECT FROM orders WHERE numbering_attempt = 12')).length === 1)
  expect(await conflictsOf(id)).toHaveLength(1)
  const [{ seconds }] = (await world.query<{ seconds: number }>(
    'SELECT extract(epoch FROM numbering_after - now())::float8 AS seconds FROM orders',
  )) as [{ seconds: number }]
  expect(seconds).toBeGreaterThan(250)
})
