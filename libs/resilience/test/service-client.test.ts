import type { RequestListener, ServerResponse } from 'node:http'
import { deadlineIn } from '@ordinal/deadline'
import type { ServiceUnavailableError, StateChange } from '../src'
import {
  breakerOptions,
  clientOf,
  endAll,
  failureOf,
  get,
  refusingUrl,
  startRawServer,
  startServer,
  until,
} from './servers'

afterEach(endAll)

const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, index) => make(index))

/** A server whose answers hang until they are released. */
async function startHangingServer() {
  const held: ServerResponse[] = []
  const server = await startServer((_request, response) => void held.push(response))
  const letGo = () => held.splice(0).forEach((response) => response.end())
  return { ...server, held, letGo }
}

/** A server whose handler can be replaced. */
async function startMoodyServer(first: RequestListener) {
  const mood = { handler: first }
  const server = await startServer((request, response) => mood.handler(request, response))
  return { ...server, mood }
}
const ok: RequestListener = (_request, response) => response.end()
const broken: RequestListener = (_request, response) => response.writeHead(500).end()

describe('what does not open the breaker', () => {
  test.each([404, 422, 400, 401, 409])('a hundred answers %i', async (status) => {
    const server = await startServer((_request, response) => response.writeHead(status).end())
    const client = clientOf(server.url)
    for (let call = 0; call < 100; call++) expect(await client.request(get)).toMatchObject({ status })
    expect(client.state()).toBe('closed')
  })

  test('a hundred 429s', async () => {
    const server = await startServer((_request, response) => response.writeHead(429).end())
    const client = clientOf(server.url)
    for (let call = 0; call < 100; call++)
      expect(await failureOf(client.request(get))).toMatchObject({ reason: 'rate_limited' })
    expect([client.state(), server.seen.length]).toEqual(['closed', 100])
  })

  test('callers whose deadline is sooner than the timeout of the client', async () => {
    const server = await startHangingServer()
    const client = clientOf(server.url)
    const asked = times(20, () => failureOf(client.request({ ...get, deadline: deadlineIn(3_000) })))
    for (const failure of await Promise.all(asked)) expect(failure).toMatchObject({ reason: 'deadline' })
    expect([client.state(), client.counts().outcomes.deadline, server.seen.length]).toEqual([
      'closed',
      20,
      20,
    ])
    await until(() => server.open() === 0)
  })

  test('callers that disconnect', async () => {
    const server = await startHangingServer()
    const client = clientOf(server.url)
    for (let call = 0; call < 20; call++) {
      const caller = new AbortController()
      const failure = failureOf(client.request({ ...get, deadline: deadlineIn(60_000, () => caller.signal) }))
      await until(() => server.held.length === call + 1)
      caller.abort()
      expect(await failure).toMatchObject({ code: 'caller_gone' })
    }
    const gone = deadlineIn(60_000, () => AbortSignal.abort())
    expect(await failureOf(client.request({ ...get, deadline: gone }))).toMatchObject({ code: 'caller_gone' })
    expect([client.state(), client.counts().outcomes.abandoned, server.seen.length]).toEqual([
      'closed',
      21,
      20,
    ])
    await until(() => server.open() === 0)
  })
})

describe('what opens the breaker', () => {
  test('answers 500', async () => {
    const server = await startServer(broken)
    await expectToOpen(server.url, 'status')
    expect(server.seen).toHaveLength(breakerOptions.volumeThreshold)
  })

  test('connections refused', async () => {
    await expectToOpen(await refusingUrl(), 'refused')
  })

  test('connections reset', async () => {
    const server = await startRawServer((socket) => socket.resetAndDestroy())
    await expectToOpen(`http://127.0.0.1:${server.port}`, 'reset')
    expect(server.seen).toHaveLength(breakerOptions.volumeThreshold)
  })

  test('a server that takes 30 s', async () => {
    const server = await startServer((_request, response) => {
      const timer = setTimeout(() => response.end(), 30_000)
      response.on('close', () => clearTimeout(timer))
    })
    await expectToOpen(server.url, 'timeout', { timeoutMs: 500 })
    expect(server.seen.length).toBeLessThanOrEqual(breakerOptions.volumeThreshold)
  })

  async function expectToOpen(url: string, reason: string, options: { timeoutMs?: number } = {}) {
    const changes: StateChange[] = []
    const breaker = { ...breakerOptions, resetTimeoutMs: 60_000 }
    const client = clientOf(url, { ...options, breaker, onStateChange: (change) => changes.push(change) })
    for (let call = 0; call < breakerOptions.volumeThreshold; call++) {
      expect(client.state()).toBe('closed')
      expect(await failureOf(client.request(get))).toMatchObject({ reason })
    }
    expect(client.state()).toBe('open')
    expect(changes).toEqual([{ service: 'user-service', state: 'open', previous: 'closed' }])
    const refused = (await failureOf(client.request(get))) as ServiceUnavailableError
    expect(refused.reason).toBe('open')
    expect(refused.retryAfterSeconds).toBeGreaterThan(30)
    expect(refused.retryAfterSeconds).toBeLessThanOrEqual(60)
  }
})

/** Against a server that is broken now: opens the breaker. */
async function openBreaker(client: ReturnType<typeof clientOf>) {
  for (let call = 0; call < breakerOptions.volumeThreshold; call++) await failureOf(client.request(get))
  expect(client.state()).toBe('open')
}

test('an open breaker answers at once, and the service sees nothing of it', async () => {
  const server = await startServer(broken)
  const client = clientOf(server.url, { breaker: { ...breakerOptions, resetTimeoutMs: 60_000 } })
  await openBreaker(client)
  const seen = server.seen.length
  // A machine that is busy with other work pauses now and then.
  const soonest = { perCallMs: Infinity }
  for (let round = 0; round < 10; round++) {
    const start = performance.now()
    for (let call = 0; call < 100; call++)
      expect(await failureOf(client.request(get))).toMatchObject({ reason: 'open' })
    soonest.perCallMs = Math.min(soonest.perCallMs, (performance.now() - start) / 100)
  }
  expect(soonest.perCallMs).toBeLessThan(2)
  expect(server.seen).toHaveLength(seen)
})

test('it closes by itself when the service is back', async () => {
  const changes: string[] = []
  const server = await startMoodyServer(broken)
  const client = clientOf(server.url, { onStateChange: ({ state }) => changes.push(state) })
  await openBreaker(client)
  server.mood.handler = ok
  await until(() => client.state() === 'half_open')
  for (let trial = 0; trial < breakerOptions.maxRequests; trial++) await client.request(get)
  expect(client.state()).toBe('closed')
  expect(changes).toEqual(['open', 'half_open', 'closed'])
})

test('a failed trial opens it again', async () => {
  const server = await startServer(broken)
  const client = clientOf(server.url)
  await openBreaker(client)
  await until(() => client.state() === 'half_open')
  expect(await failureOf(client.request(get))).toMatchObject({ reason: 'status' })
  expect([client.state(), client.counts().opened]).toEqual(['open', 2])
})

test('half-open, no more trials reach the service at a time than allowed', async () => {
  const held: ServerResponse[] = []
  const server = await startMoodyServer(broken)
  const client = clientOf(server.url)
  await openBreaker(client)
  server.mood.handler = (_request, response) => void held.push(response)
  await until(() => client.state() === 'half_open')
  const calls = times(50, () =>
    client.request(get).then(
      () => 'ok',
      (error: { reason: string }) => error.reason,
    ),
  )
  await until(() => held.length === breakerOptions.maxRequests)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(held).toHaveLength(breakerOptions.maxRequests)
  for (const response of held) response.end()
  const outcomes = await Promise.all(calls)
  expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(breakerOptions.maxRequests)
  expect(outcomes.filter((outcome) => outcome === 'open')).toHaveLength(50 - breakerOptions.maxRequests)
  expect(client.state()).toBe('closed')
})

test('a caller that disconnects during a trial decides nothing and leaves room for the next', async () => {
  const server = await startMoodyServer(broken)
  const client = clientOf(server.url)
  await openBreaker(client)
  server.mood.handler = () => undefined
  await until(() => client.state() === 'half_open')
  for (let call = 0; call < 10; call++) await failureOf(client.request({ ...get, deadline: deadlineIn(20) }))
  expect(client.state()).toBe('half_open')
})

describe('a probe', () => {
  test('asks past an open breaker, and closes it with a success', async () => {
    const server = await startMoodyServer(broken)
    const client = clientOf(server.url, { breaker: { ...breakerOptions, resetTimeoutMs: 60_000 } })
    await openBreaker(client)
    expect(await failureOf(client.probe(get))).toMatchObject({ reason: 'status' })
    expect(client.state()).toBe('open')
    server.mood.handler = ok
    expect(await client.probe(get)).toMatchObject({ status: 200 })
    expect(client.state()).toBe('closed')
    await client.request(get)
  })

  test('is bound by maxConcurrent, too', async () => {
    const server = await startHangingServer()
    const client = clientOf(server.url, { maxConcurrent: 1 })
    const first = client.probe(get)
    expect(await failureOf(client.probe(get))).toMatchObject({ reason: 'saturated' })
    await until(() => server.held.length === 1)
    server.letGo()
    await first
  })
})

describe('saturation', () => {
  test('one call too many fails at once, without opening the breaker', async () => {
    const server = await startHangingServer()
    const client = clientOf(server.url, { maxConcurrent: 3 })
    const calls = times(3, () => client.request(get))
    for (let call = 0; call < 100; call++)
      expect(await failureOf(client.request(get))).toMatchObject({ reason: 'saturated' })
    await until(() => server.held.length === 3)
    expect([server.seen.length, client.state()]).toEqual([3, 'closed'])
    server.letGo()
    await Promise.all(calls)
    const next = client.request(get)
    await until(() => server.held.length === 1)
    server.letGo()
    expect(await next).toMatchObject({ status: 200 })
  })

  test('calls that timed out are no longer under way: their sockets are closed', async () => {
    const server = await startHangingServer()
    const client = clientOf(server.url, {
      maxConcurrent: 3,
      timeoutMs: 500,
      breaker: { ...breakerOptions, volumeThreshold: 1000, consecutiveFailures: 1000 },
    })
    for (let round = 0; round < 3; round++) {
      const failures = await Promise.all(times(3, () => failureOf(client.request(get))))
      expect(failures).toEqual(times(3, () => expect.objectContaining({ reason: 'timeout' }) as unknown))
    }
    await until(() => server.open() === 0)
  })
})

test('a listener that throws does not hold up the call', async () => {
  const thrown: unknown[] = []
  const listeners = process.listeners('uncaughtException')
  const queue = jest.spyOn(globalThis, 'queueMicrotask').mockImplementation((run) => {
    try {
      run()
    } catch (error) {
      thrown.push(error)
    }
  })
  const server = await startServer(broken)
  const client = clientOf(server.url, {
    onStateChange() {
      throw new Error('listener')
    },
  })
  await openBreaker(client)
  expect(thrown).toEqual([new Error('listener')])
  expect(process.listeners('uncaughtException')).toEqual(listeners)
  queue.mockRestore()
})

describe('close', () => {
  test('ends idle sockets and calls under way; later calls fail', async () => {
    const server = await startMoodyServer(ok)
    const client = clientOf(server.url)
    await Promise.all(times(5, () => client.request(get)))
    server.mood.handler = () => undefined
    const hanging = failureOf(client.request(get))
    await until(() => server.seen.length === 6)
    expect(server.open()).toBeGreaterThan(1)
    client.close()
    expect(await hanging).toMatchObject({ reason: 'closed' })
    expect(await failureOf(client.request(get))).toMatchObject({ reason: 'closed' })
    expect(await failureOf(client.probe(get))).toMatchObject({ reason: 'closed' })
    await until(() => server.open() === 0)
    expect(server.seen).toHaveLength(6)
  })

  test('leaves no timers or sockets', async () => {
    const server = await startServer(broken)
    await new Promise((resolve) => setTimeout(resolve, 50))
    const count = (kind: string) =>
      process.getActiveResourcesInfo().filter((active) => active === kind).length
    const [sockets, timers] = [count('TCPSocketWrap'), count('Timeout')]
    const client = clientOf(server.url, {
      timeoutMs: 60_000,
      breaker: { ...breakerOptions, volumeThreshold: 50, resetTimeoutMs: 60_000 },
    })
    for (let call = 0; call < 50; call++) await failureOf(client.request(get))
    expect(client.state()).toBe('open')
    client.close()
    await until(() => server.open() === 0)
    await new Promise((resolve) => setTimeout(resolve, 50))
    await until(() => count('TCPSocketWrap') <= sockets)
    // Those of jest come and go; one of the client's would stay for a minute.
    await until(() => count('Timeout') <= timers)
  })
})
