import { Registry } from 'prom-client'
import { deadlineIn, noDeadline, type Deadline } from '@ordinal/deadline'
import { createServiceClient } from '@ordinal/resilience'
import { until } from '@ordinal/testing'
import { createSequencer } from '../src/clients/sequencer'
import { createUsers } from '../src/clients/users'
import { createUserMetrics } from '../src/metrics'
import { startStub, type StubAnswer, type StubRequest } from './stub'

// Longer than a busy machine pauses.
const timeoutMs = 20_000
// As many as are under way before others wait for each other.
const atOnce = 4
const batchOfUsers = '/api/v1/users:batchGet?ids='
const batchOfNumbers = '/api/v1/numbers:batch'

let stub: Awaited<ReturnType<typeof startStub>>
let client: ReturnType<typeof createServiceClient>
let act: (request: StubRequest) => StubAnswer
let isOpen: boolean
beforeEach(async () => {
  isOpen = true
  stub = await startStub(async (request) => {
    const waited = isFill(request) ? until(() => isOpen) : undefined
    await waited
    return act(request)
  })
  client = clientOf(timeoutMs)
})
afterEach(async () => {
  isOpen = true
  client.close()
  await stub.stop()
})

const clientOf = (timeoutMs: number) =>
  createServiceClient({
    name: 'service',
    baseUrl: stub.url,
    timeoutMs,
    maxConcurrent: 100,
    retries: 1,
    breaker: {
      resetTimeoutMs: 60_000,
      intervalMs: 60_000,
      maxRequests: 1,
      errorThresholdPercentage: 50,
      volumeThreshold: 100,
      consecutiveFailures: 100,
    },
  })
const traceOf = (requestId: string) => ({ requestId, traceparent: '00-1-1-01' })
const fillOf = (n: number) => 1000 + n
const isFill = ({ path, headers }: StubRequest) =>
  /users\/100\d$/.test(path) || String(headers['idempotency-key']).startsWith('fill')
const found = (id: number, more = {}) => ({ id, active: true, ...more })
const pathsFrom = (start: number) => stub.seen.slice(start).map(({ path }) => decodeURIComponent(path))

/** Brings as many calls under way as there may be, one after the other, and leaves them there. */
async function fill(ask: (n: number) => Promise<unknown>) {
  isOpen = false
  const all: Promise<unknown>[] = []
  for (let n = 0; n < atOnce; n += 1) {
    all.push(ask(n).catch(() => undefined))
    await until(() => stub.seen.length > n)
  }
  return {
    async open() {
      isOpen = true
      await Promise.all(all)
    },
  }
}

describe('users', () => {
  let users: ReturnType<typeof createUsers>
  beforeEach(() => {
    users = createUsers(client, {
      batching: true,
      memorySeconds: 60,
      timeoutMs,
      metrics: createUserMetrics(new Registry()),
    })
    act = single
  })
  const single = ({ path }: StubRequest): StubAnswer => {
    const id = Number(path.split('/').at(-1))
    return id === 404
      ? { status: 404, body: { code: 'user_not_found' } }
      : { status: 200, body: found(id, id === 405 ? { active: false } : {}) }
  }
  const require = (id: number, deadline: Deadline = noDeadline) =>
    users.requireActive(id, traceOf(`r-${id}`), deadline)
  const outcome = (verifying: Promise<unknown>) =>
    verifying.catch((error: { code?: string }) => error.code ?? error)

  /** Asks for users while calls are under way; `data` is what the service has of those that are asked for together. */
  async function askBehind(ids: number[], answer: (asked: number[]) => StubAnswer, deadline?: Deadline) {
    act = (request) =>
      request.path.startsWith(batchOfUsers)
        ? answer(decodeURIComponent(request.path.slice(batchOfUsers.length)).split(',').map(Number))
        : single(request)
    const { open } = await fill((n) => require(fillOf(n)))
    const outcomes = ids.map((id) => outcome(require(id, deadline)))
    await open()
    return Promise.all(outcomes)
  }
  const all = (asked: number[]): StubAnswer => ({
    status: 200,
    body: { data: asked.flatMap((id) => (id === 404 ? [] : found(id, { active: id !== 405 }))) },
  })

  test('a user who is asked for alone is asked for as ever', async () => {
    expect(await require(1)).toBe('verified')
    expect(stub.seen).toMatchObject([
      {
        method: 'GET',
        path: '/api/v1/users/1',
        headers: { 'x-request-id': 'r-1', traceparent: '00-1-1-01' },
      },
    ])
  })

  test('while calls are under way, further users are asked for together, each once', async () => {
    expect(await askBehind([1, 2, 1, 3, 2], all)).toEqual(Array(5).fill('verified'))
    expect(pathsFrom(atOnce)).toEqual([`${batchOfUsers}1,2,3`])
    expect(stub.seen.at(-1)?.headers['x-request-id']).toBe('r-1')
  })

  test('several orders of one user ask for that user as one does', async () => {
    expect(await askBehind([7, 7, 7], all)).toEqual(Array(3).fill('verified'))
    expect(pathsFrom(atOnce)).toEqual(['/api/v1/users/7'])
  })

  test('one who is not there, or not active, is refused, and the others are not', async () => {
    expect(await askBehind([1, 404, 405, 2], all)).toEqual([
      'verified',
      'user_unknown',
      'user_inactive',
      'verified',
    ])
    // That there is none is believed from the word of the service about that user alone.
    expect(pathsFrom(atOnce)).toEqual([`${batchOfUsers}1,404,405,2`, '/api/v1/users/404'])
  })

  test.each<[string, unknown]>([
    ['in another form', { id: '1', active: true }],
    ['of another id', found(99)],
    ['null', null],
  ])('one that is answered as %s is asked for alone', async (_, strange) => {
    const answer = (asked: number[]): StubAnswer => ({
      status: 200,
      body: { data: asked.map((id) => (id === 1 ? strange : found(id))) },
    })
    expect(await askBehind([1, 2], answer)).toEqual(['verified', 'verified'])
    expect(pathsFrom(atOnce)).toEqual([`${batchOfUsers}1,2`, '/api/v1/users/1'])
  })

  test.each<[string, StubAnswer]>([
    ['404', { status: 404, body: { code: 'route_not_found' } }],
    ['405', { status: 405, body: { code: 'method_not_allowed' } }],
    ['501', { status: 501, body: 'Not Implemented' }],
    ['a page', { status: 200, body: '<html>' }],
  ])('a release that answers the call for several with %s is asked for each alone', async (_, answer) => {
    expect(await askBehind([1, 404, 2], () => answer)).toEqual(['verified', 'user_unknown', 'verified'])
    expect(pathsFrom(atOnce + 1).sort()).toEqual(['/api/v1/users/1', '/api/v1/users/2', '/api/v1/users/404'])
    // And is not asked for several again at once.
    const before = stub.seen.length
    expect(await Promise.all([require(3), require(4)])).toEqual(['verified', 'verified'])
    expect(pathsFrom(before).sort()).toEqual(['/api/v1/users/3', '/api/v1/users/4'])
  })

  test('a service that is away fails once for all, and those who are remembered may order', async () => {
    expect(await require(1)).toBe('verified')
    const before = client.counts().outcomes.status
    stub.seen.length = 0
    const outcomes = await askBehind([1, 2, 3], () => ({
      status: 503,
      headers: { 'retry-after': '7' },
      body: {},
    }))
    expect(outcomes).toEqual(['remembered', 'user_service_unavailable', 'user_service_unavailable'])
    expect(client.counts().outcomes.status).toBe(before + 1)
  })

  test('one with a short deadline waits no longer, and shortens none', async () => {
    const { open } = await fill((n) => require(fillOf(n)))
    act = ({ path }) => (path.startsWith(batchOfUsers) ? all([1, 2, 3]) : single({ path } as StubRequest))
    const short = outcome(require(1, deadlineIn(300)))
    const others = [require(2), require(3, deadlineIn(60_000))]
    // It is answered though all calls are still under way.
    expect(await short).toBe('user_service_unavailable')
    await open()
    expect(await Promise.all(others)).toEqual(['verified', 'verified'])
    // Nobody waits for it any more.
    expect(pathsFrom(atOnce)).toEqual([`${batchOfUsers}2,3`])
  })
})

describe('numbers', () => {
  let sequencer: ReturnType<typeof createSequencer>
  beforeEach(() => {
    sequencer = sequencerOf(client, timeoutMs)
    act = single
  })
  const sequencerOf = (of: typeof client, timeoutMs: number) =>
    createSequencer(of, { sequence: 'ORD', timeoutMs, batching: true })
  const issued = (n: number | string, more = {}) => ({
    full_number: `ORD-${n}`,
    counter: 1,
    prefix: 'ORD',
    period: '',
    state: 'issued',
    ...more,
  })
  const orderOf = (reference: string) => ({ id: 1, reference, numberingAttempt: 1, userId: 7 })
  const numberFor = (reference: string, deadline: Deadline = noDeadline) =>
    sequencer.numberFor(orderOf(reference), { trace: traceOf(`r-${reference}`), deadline })
  const outcome = (asking: Promise<string>) =>
    asking.catch((error: { name: string; reason?: string }) => error.reason ?? error.name)
  const single = ({ path, headers }: StubRequest): StubAnswer =>
    path.startsWith('/api/v1/numbers/')
      ? { status: 200, body: history(/ORD-(\w+)/.exec(path)![1]!) }
      : { status: 200, body: issued(`alone-${String(headers['idempotency-key'])}`) }
  /** A number that is its order's, unless it is `lost`. */
  const history = (name: string) => ({
    full_number: `ORD-${name}`,
    state: name === 'lost' ? 'free' : 'issued',
    history: [{ event: 'issue', client_id: 'order-service', generated_by: 'user-7' }],
  })
  interface Requested {
    idempotency_key: string
    request_id: string
    timeout_ms?: number
  }
  const requestsOf = (request: StubRequest) => (request.body as { requests: Requested[] }).requests

  async function askBehind(
    references: string[],
    answer: (requests: Requested[]) => StubAnswer,
    deadline?: Deadline,
  ) {
    act = (request) => (request.path === batchOfNumbers ? answer(requestsOf(request)) : single(request))
    const { open } = await fill((n) => numberFor(`fill-${n}`))
    const outcomes = references.map((reference) => outcome(numberFor(reference, deadline)))
    await open()
    return Promise.all(outcomes)
  }
  const results = (resultOf: (key: string) => unknown) => (requests: Requested[]) => ({
    status: 200,
    body: { results: requests.map(({ idempotency_key: key }) => resultOf(key)) },
  })
  const good = (key: string) => ({ number: issued(key) })

  test('a number that is asked for alone is asked for as ever', async () => {
    expect(await numberFor('a')).toBe('ORD-alone-a')
    expect(stub.seen).toMatchObject([
      {
        method: 'POST',
        path: '/api/v1/next/ORD',
        headers: { 'x-request-id': 'r-a', traceparent: '00-1-1-01', 'idempotency-key': 'a' },
        body: { client_id: 'order-service', generated_by: 'user-7' },
      },
    ])
  })

  test('while calls are under way, further numbers are asked for together, each by its key and for its request', async () => {
    expect(await askBehind(['a', 'b', 'a'], results(good))).toEqual(['ORD-a', 'ORD-b', 'ORD-a'])
    expect(pathsFrom(atOnce)).toEqual([batchOfNumbers])
    const asked = { prefix: 'ORD', client_id: 'order-service', generated_by: 'user-7' }
    expect(stub.seen.at(-1)).toMatchObject({
      headers: { 'x-request-id': 'r-a', traceparent: '00-1-1-01' },
      body: {
        requests: [
          { ...asked, idempotency_key: 'a', request_id: 'r-a' },
          { ...asked, idempotency_key: 'b', request_id: 'r-b' },
        ],
      },
    })
    expect(stub.seen.at(-1)?.headers).not.toHaveProperty('idempotency-key')
  })

  const problem = (status: number, code: string) => ({ problem: { status, code, detail: 'as it is' } })
  test.each<[string, unknown, string, asked: string[]]>([
    ['a reused key', problem(422, 'idempotency_key_reused'), 'key_used_elsewhere', []],
    ['the end of the numbers', problem(409, 'sequence_exhausted'), 'UnexpectedAnswerError', []],
    ['an unknown sequence', problem(404, 'sequence_not_found'), 'UnexpectedAnswerError', []],
    ['a seal', problem(403, 'sequence_sealed'), 'UnexpectedAnswerError', []],
    ['a void number', { number: issued('x', { state: 'void' }) }, 'no_longer_issued', []],
    ['a reserved number', { number: issued('x', { state: 'reserved' }) }, 'UnexpectedAnswerError', []],
    ['a number of another sequence', { number: issued('x', { prefix: 'INV' }) }, 'UnexpectedAnswerError', []],
    ['a number with a new line', { number: issued('x\n') }, 'UnexpectedAnswerError', []],
    [
      'its own number again',
      { number: issued('bad'), replayed: true },
      'ORD-bad',
      ['/api/v1/numbers/ORD-bad'],
    ],
    [
      'a number that it lost',
      { number: issued('lost'), replayed: true },
      'no_longer_issued',
      ['/api/v1/numbers/ORD-lost'],
    ],
    ['an outage', problem(503, 'database_unavailable'), 'ORD-alone-bad', ['/api/v1/next/ORD']],
    ['an outcome that is not known', problem(503, 'outcome_unknown'), 'ORD-alone-bad', ['/api/v1/next/ORD']],
    ['a limit', problem(429, 'rate_limited'), 'ORD-alone-bad', ['/api/v1/next/ORD']],
    ['nothing', {}, 'ORD-alone-bad', ['/api/v1/next/ORD']],
    ['null', null, 'ORD-alone-bad', ['/api/v1/next/ORD']],
    ['no text', { number: issued(1, { full_number: 7 }) }, 'ORD-alone-bad', ['/api/v1/next/ORD']],
  ])('one that gets %s harms no other', async (_, bad, expected, alone) => {
    const answer = results((key) => (key === 'bad' ? bad : good(key)))
    expect(await askBehind(['a', 'bad', 'b'], answer)).toEqual(['ORD-a', expected, 'ORD-b'])
    expect(pathsFrom(atOnce).map((path) => path.replace(/\?.*/, ''))).toEqual([batchOfNumbers, ...alone])
  })

  test.each<[string, StubAnswer]>([
    ['404', { status: 404, body: { code: 'route_not_found' } }],
    ['405', { status: 405, body: { code: 'method_not_allowed' } }],
    ['501', { status: 501, body: 'Not Implemented' }],
    ['too few answers', { status: 200, body: { results: [good('a')] } }],
    ['413', { status: 413, body: { code: 'body_too_large' } }],
  ])('a sequencer that answers the call for several with %s is asked for each alone', async (_, answer) => {
    expect(await askBehind(['a', 'b'], () => answer)).toEqual(['ORD-alone-a', 'ORD-alone-b'])
    expect(pathsFrom(atOnce)).toEqual([batchOfNumbers, '/api/v1/next/ORD', '/api/v1/next/ORD'])
    expect(await Promise.all([numberFor('c'), numberFor('d')])).toEqual(['ORD-alone-c', 'ORD-alone-d'])
    expect(pathsFrom(atOnce)).toHaveLength(5)
  })

  test('one that ends the numbers refuses orders from then on, and one that gets a number takes them', async () => {
    const ended = results(() => problem(409, 'sequence_exhausted'))
    act = (request) => ended(requestsOf(request))
    const refused = await Promise.all([outcome(numberFor('a')), outcome(numberFor('b'))])
    expect(refused).toEqual(['UnexpectedAnswerError', 'UnexpectedAnswerError'])
    await expect(sequencer.requireNumbers(traceOf('r'), noDeadline)).rejects.toMatchObject({
      code: 'order_numbers_exhausted',
    })
    act = (request) =>
      request.path === batchOfNumbers ? results(good)(requestsOf(request)) : single(request)
    expect(await Promise.all([numberFor('c'), numberFor('d')])).toEqual(['ORD-c', 'ORD-d'])
    await sequencer.requireNumbers(traceOf('r'), noDeadline)
  })

  test('a sequencer whose connection breaks in the middle is asked once more, by the same keys', async () => {
    let times = 0
    const dying = (requests: Requested[]): StubAnswer => {
      times += 1
      return { ...results(good)(requests), isLost: times === 1 }
    }
    expect(await askBehind(['a', 'b'], dying)).toEqual(['ORD-a', 'ORD-b'])
    expect(times).toBe(2)
    const [first, again] = stub.seen.slice(-2)
    expect(again?.body).toMatchObject({
      requests: requestsOf(first!).map(({ idempotency_key }) => ({ idempotency_key })),
    })
  })

  test('one that stays away is one failure for all of them', async () => {
    const away: StubAnswer = { status: 503, headers: { 'retry-after': '7' }, body: {} }
    expect(await askBehind(['a', 'b', 'c'], () => away)).toEqual(['status', 'status', 'status'])
    expect(client.counts().outcomes.status).toBe(1)
  })

  test('each is wanted for as long as its own order waits', async () => {
    const { open } = await fill((n) => numberFor(`fill-${n}`))
    act = (request) =>
      request.path === batchOfNumbers ? results(good)(requestsOf(request)) : single(request)
    const gone = outcome(numberFor('gone', deadlineIn(100)))
    const others = [numberFor('a', deadlineIn(30_000)), numberFor('b')]
    expect(await gone).toBe('deadline')
    await open()
    expect(await Promise.all(others)).toEqual(['ORD-a', 'ORD-b'])
    const [ofA, ofB] = requestsOf(stub.seen.at(-1)!)
    expect(ofA!.timeout_ms).toBeGreaterThan(20_000)
    expect(ofB).not.toHaveProperty('timeout_ms')
  })

  test('behind a sequencer that answers nothing, no order waits longer than one call may take', async () => {
    stub.mood = { is: 'silent' }
    const impatient = clientOf(2_000)
    sequencer = sequencerOf(impatient, 2_000)
    const { open } = await fill((n) => numberFor(`fill-${n}`))
    expect(await Promise.all(['a', 'b'].map((reference) => outcome(numberFor(reference))))).toEqual([
      'timeout',
      'timeout',
    ])
    await open()
    impatient.close()
  })
})
