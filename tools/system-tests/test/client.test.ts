import { setTimeout as delay } from 'node:timers/promises'
import { inspect } from 'node:util'
import {
  AuthenticationError,
  CallTimeoutError,
  ChangedMeanwhileError,
  ConnectionError,
  ConflictError,
  createOrdinal,
  InvalidRequestError,
  NotFoundError,
  type AttemptRequest,
  type OrdinalOptions,
  type StreamEvent,
} from '@ordinal/client'
import { createCutProxy, type CutProxy } from '@ordinal/testing'
import { createUser, eventually, orderOf, upTo } from '../src/calls'
import { query } from '../src/databases'
import { randomFrom } from '../src/random'
import { apiKey, startSystem, type System } from '../src/system'
import { expectOneNumberForEachOrder, readOrders } from './proof'

const seed = Number(process.env.TEST_SEED)

let system: System
beforeAll(async () => {
  system = await startSystem({ CIRCUIT_BREAKER_TIMEOUT: '1' })
})
afterAll(() => system.stop())

const addresses = () => ({
  users: system.users.url,
  orders: system.orders.url,
  sequencer: system.sequencer.url,
})
const clientOf = (more: OrdinalOptions = {}) => createOrdinal({ ...addresses(), apiKey, ...more })

describe('a program that does not retry', () => {
  test(`places 1,000 orders while each service is killed at random (seed ${seed})`, async () => {
    const random = randomFrom(seed)
    const before = (await readOrders(system)).length
    const userId = await createUser(system)
    let killing = true
    let kills = 0
    const killer = (async () => {
      while (killing) {
        const victim = [system.users, system.orders, system.sequencer][Math.floor(random() * 3)]!
        await delay(300 + random() * 500)
        await victim.end('SIGKILL')
        kills += 1
        await delay(random() * 200)
        await victim.start()
      }
    })()

    const ordinal = createOrdinal({ ...addresses(), apiKey, timeoutMs: 60_000, retries: 30 })
    const references = new Set<string>()
    const place = async () => {
      for (let n = 1; n <= 100; n += 1) {
        // The last ones see the third kill, however long the services take to start.
        if (n === 100) await eventually(() => kills > 2, Boolean)
        const order = await ordinal.orders.create(orderOf(userId))
        references.add(order.reference)
      }
    }
    try {
      await Promise.all(upTo(10).map(place))
    } finally {
      killing = false
      await killer
    }

    expect(references.size).toBe(1_000)
    const orders = await eventually(
      () => readOrders(system),
      (all) => all.every(({ order_number }) => order_number !== null),
    )
    expect(orders.length - before).toBe(1_000)
    await expectOneNumberForEachOrder(system)
    expect(kills).toBeGreaterThan(2)
  }, 600_000)
})

describe('a connection that is cut', () => {
  let proxy: CutProxy
  beforeEach(async () => {
    const { hostname, port } = new URL(system.sequencer.url)
    proxy = await createCutProxy({ host: hostname, port: Number(port) })
  })
  afterEach(() => proxy.close())
  const through = (more: OrdinalOptions = {}) => {
    const { hostname } = new URL(system.sequencer.url)
    return clientOf({ sequencer: `http://${hostname}:${proxy.port}`, attemptTimeoutMs: 500, ...more })
  }
  const drawn = (clientId: string) =>
    query<{ number: string }>(
      system.databases.sequencer,
      `SELECT number FROM ledger WHERE client_id = '${clientId}' AND event = 'issue'`,
    )

  test.each(['before', 'after', 'midway', 'silence'] as const)(
    '%s the answer: one number is issued, and it is the one that is given',
    async (moment) => {
      proxy.cutAt('POST /api/v1/next/SG', moment)
      const { full_number } = await through().numbers.next('SG', { client_id: `cut-${moment}` })
      expect(proxy.cuts).toBe(1)
      expect(await drawn(`cut-${moment}`)).toEqual([{ number: full_number }])
    },
  )

  test('for several numbers, each with a key of its own', async () => {
    const requests = upTo(5).map(() => ({ prefix: 'SG', client_id: 'cut-each' }))
    proxy.cutAt('POST /api/v1/numbers:batch', 'after')
    const results = await through().numbers.nextForEach(requests)
    expect(proxy.cuts).toBe(1)
    const numbers = results.map(({ number }) => number?.full_number)
    expect((await drawn('cut-each')).map(({ number }) => number).sort()).toEqual(numbers.sort())
  })

  test('without retries it is an error, and the same key finds out what became of it', async () => {
    const options = { idempotencyKey: 'invoice-4711', retries: 0 }
    proxy.cutAt('POST /api/v1/next/SG', 'after')
    const request = { client_id: 'cut-own-key' }
    await expect(through().numbers.next('SG', request, options)).rejects.toBeInstanceOf(ConnectionError)
    const { idempotencyKey } = options
    const { full_number } = await through().numbers.next('SG', request, { idempotencyKey })
    expect(await drawn('cut-own-key')).toEqual([{ number: full_number }])
  })

  test('the live stream goes on where it was: no event is lost, and none comes twice', async () => {
    const ended = new AbortController()
    const events: StreamEvent[] = []
    const listening = (async () => {
      for await (const event of clientOf().stream({ signal: ended.signal })) events.push(event)
    })()
    const numbersOf = () =>
      events.flatMap(({ type, data }) =>
        type === 'issue' ? [(data as { first_number: string }).first_number] : [],
      )
    // From its first event on, the statistics, it knows where it is.
    await eventually(() => events.length > 0, Boolean)

    const expected: string[] = []
    for (const n of upTo(30)) {
      expected.push((await clientOf().numbers.next('SG', { client_id: `live-${n}` })).full_number)
      if (n % 10 === 0) {
        await system.sequencer.end('SIGKILL')
        await system.sequencer.start()
      }
    }
    await eventually(numbersOf, ({ length }) => length >= expected.length)
    ended.abort()
    await listening
    expect(numbersOf()).toEqual(expected)
  })
})

describe('what a call says of itself', () => {
  function watched(more: OrdinalOptions = {}) {
    const requests: AttemptRequest[] = []
    return { requests, ordinal: clientOf({ ...more, onRequest: (request) => requests.push(request) }) }
  }

  test('a write has a key, also without retries, which is the same in each attempt', async () => {
    const { requests, ordinal } = watched({ orders: 'http://127.0.0.1:1', retries: 2 })
    await expect(ordinal.orders.create(orderOf(1))).rejects.toMatchObject({
      name: 'ConnectionError',
      attempts: 3,
    })
    await expect(ordinal.orders.create(orderOf(1), { retries: 0 })).rejects.toMatchObject({ attempts: 1 })
    const keys = requests.map(({ headers }) => headers.get('Idempotency-Key'))
    expect(keys[0]).toMatch(/^[\da-f-]{36}$/)
    expect([keys[1], keys[2]]).toEqual([keys[0], keys[0]])
    expect(keys[3]).not.toBe(keys[0])
  })

  test('a read has none; both say how long they wait', async () => {
    const { requests, ordinal } = watched({ attemptTimeoutMs: 40_000, timeoutMs: 30_000 })
    await ordinal.numbers.preview('SG')
    const [{ headers } = requests[0]!] = requests
    expect(headers.get('Idempotency-Key')).toBeNull()
    expect(Number(headers.get('X-Request-Timeout-Ms'))).toBeGreaterThan(20_000)
    expect(Number(headers.get('X-Request-Timeout-Ms'))).toBeLessThanOrEqual(30_000)
  })

  test('its trace context is passed on', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    const { requests, ordinal } = watched()
    await ordinal.numbers.preview('SG', {}, { headers: { traceparent } })
    expect(requests[0]!.headers.get('traceparent')).toBe(traceparent)
  })

  test('its errors are classes, with the code, and hold no credential', async () => {
    const { users, orders, numbers } = clientOf({ retries: 0 })
    const failures = await Promise.allSettled([
      users.get(999_999),
      orders.create({ ...orderOf(999_999) }),
      orders.create({ ...orderOf(1), quantity: 0 }),
      numbers.void('NO-SUCH-NUMBER', { reason: 'typing error' }),
      clientOf({ apiKey: 'a-wrong-key-of-somebody', retries: 0 }).numbers.void('X', { reason: 'x' }),
      clientOf({ users: 'http://127.0.0.1:1', retries: 0, token: 'a-secret-token' }).users.get(1),
    ])
    const errors = failures.map((failure) => (failure as PromiseRejectedResult).reason)
    expect(errors.map(({ constructor, code }) => [constructor, code])).toEqual([
      [NotFoundError, 'user_not_found'],
      [InvalidRequestError, 'user_unknown'],
      [InvalidRequestError, 'validation_failed'],
      [NotFoundError, 'number_not_found'],
      [AuthenticationError, expect.any(String)],
      [ConnectionError, undefined],
    ])
    expect(errors[2].problem.errors).toEqual([{ path: 'body.quantity', message: expect.any(String) }])
    expect(errors[0].requestId).toMatch(/./)
    expect(inspect(errors, { depth: 10, showHidden: true })).not.toMatch(
      /the-key-of-the-system-tests|a-wrong-key|a-secret-token/,
    )
  })

  test('a change of something that has changed meanwhile is refused', async () => {
    const ordinal = clientOf()
    const user = await ordinal.users.create({ email: 'version@example.com', name: 'Ada', age: 36 })
    const changed = await ordinal.users.update(user.id, { name: 'Ada L.' }, { ifVersion: user.version })
    expect(changed.version).toBe(user.version + 1)
    await expect(
      ordinal.users.update(user.id, { name: 'Eve' }, { ifVersion: user.version }),
    ).rejects.toBeInstanceOf(ChangedMeanwhileError)
  })

  test('a list is read to its end, over all its pieces', async () => {
    const ordinal = clientOf()
    const made: number[] = []
    for (const n of upTo(5))
      made.push((await ordinal.users.create({ email: `list-${n}@example.com`, name: 'Lister', age: 30 })).id)
    const listed: number[] = []
    for await (const user of ordinal.users.list({ search: 'Lister', page_size: 2 })) listed.push(user.id)
    expect(listed).toEqual(made)
  })

  test('a number is reserved, confirmed, and its history read; what its state does not allow is a conflict', async () => {
    const { numbers } = clientOf()
    const { full_number, state } = await numbers.next('SG', { hold_seconds: 60 })
    expect(state).toBe('reserved')
    await numbers.confirm(full_number)
    const { history } = await numbers.get(full_number)
    expect(history.map(({ event }) => event)).toEqual(['reserve', 'confirm'])
    await numbers.release(full_number, { reason: 'order cancelled' })
    await expect(numbers.confirm(full_number)).rejects.toBeInstanceOf(ConflictError)
    const gaps = []
    for await (const gap of numbers.gaps('SG')) gaps.push(gap.full_number)
    expect(gaps).toEqual([full_number])
  })

  test('its time is over when it says, be the service silent; and its caller may end it', async () => {
    const ordinal = clientOf({ attemptTimeoutMs: 5_000, timeoutMs: 500 })
    system.orders.freeze()
    try {
      await expect(ordinal.orders.create(orderOf(1))).rejects.toBeInstanceOf(CallTimeoutError)
      const reason = new Error('the user closed the page')
      const signal = AbortSignal.abort(reason)
      await expect(ordinal.orders.create(orderOf(1), { signal })).rejects.toBe(reason)
      const later = new AbortController()
      setTimeout(() => later.abort(reason), 100)
      await expect(ordinal.orders.create(orderOf(1), { signal: later.signal })).rejects.toBe(reason)
    } finally {
      system.orders.thaw()
    }
  })
})
