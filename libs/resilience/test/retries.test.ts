import { deadlineIn } from '@ordinal/deadline'
import type { RequestListener } from 'node:http'
import {
  breakerOptions,
  clientOf,
  endAll,
  failureOf,
  get,
  refusingUrl,
  startRawServer,
  startServer,
} from './servers'

afterEach(() => {
  jest.restoreAllMocks()
  return endAll()
})

const withKey = { method: 'POST', path: '/x', headers: { 'idempotency-key': 'k1' } } as const
const manyFailures = { ...breakerOptions, volumeThreshold: 1000, consecutiveFailures: 1000 }

/** A server that fails so many times, and is well from then on. */
async function startFailing(failures: number, fail: RequestListener) {
  let left = failures
  return startServer((request, response) =>
    left-- > 0 ? fail(request, response) : void response.writeHead(200).end(),
  )
}
const broken: RequestListener = (_request, response) => void response.writeHead(500).end()
const reset: RequestListener = (request) => void request.socket.resetAndDestroy()

test.each([
  ['GET', get],
  ['a POST with a key', withKey],
])('%s that fails once is sent again, and answered', async (_what, request) => {
  for (const fail of [broken, reset]) {
    const server = await startFailing(1, fail)
    const client = clientOf(server.url, { retries: 1 })
    expect(await client.request(request)).toMatchObject({ status: 200 })
    expect(server.seen).toHaveLength(2)
    expect(client.counts()).toMatchObject({ retries: 1, outcomes: { ok: 1 } })
  }
})

test.each(['POST', 'PATCH'] as const)('a %s without a key is never sent again', async (method) => {
  const server = await startFailing(1, broken)
  const client = clientOf(server.url, { retries: 3 })
  expect(await failureOf(client.request({ method, path: '/x' }))).toMatchObject({ reason: 'status' })
  expect([server.seen.length, client.counts().retries]).toEqual([1, 0])
})

test('it is sent again as often as told, and every failure counts', async () => {
  const server = await startServer(broken)
  const client = clientOf(server.url, { retries: 2, breaker: manyFailures })
  expect(await failureOf(client.request(get))).toMatchObject({ reason: 'status' })
  expect(server.seen).toHaveLength(3)
  expect(client.counts()).toMatchObject({ retries: 2, outcomes: { status: 3 } })
})

test('who is refused tries again, too', async () => {
  const client = clientOf(await refusingUrl(), { retries: 1, breaker: manyFailures })
  expect(await failureOf(client.request(get))).toMatchObject({ reason: 'refused' })
  expect(client.counts().outcomes.refused).toBe(2)
})

test.each([
  ['a 404', 404, {}],
  ['a 429', 429, {}],
  ['a 503 that says when to come again', 503, { 'Retry-After': '1' }],
])('%s is not asked for twice', async (_what, status, headers) => {
  const server = await startServer((_request, response) => void response.writeHead(status, headers).end())
  await clientOf(server.url, { retries: 3 })
    .request(get)
    .catch(() => undefined)
  expect(server.seen).toHaveLength(1)
})

test('what took the whole time is not sent again', async () => {
  const server = await startServer(() => undefined)
  const client = clientOf(server.url, { retries: 3, timeoutMs: 100 })
  expect(await failureOf(client.request(get))).toMatchObject({ reason: 'timeout' })
  expect(client.counts()).toMatchObject({ retries: 0, outcomes: { timeout: 1 } })
})

test('a pause that does not fit in the time is not made', async () => {
  // Of 50 s.
  jest.spyOn(Math, 'random').mockReturnValue(1_000)
  const server = await startServer(broken)
  const client = clientOf(server.url, { retries: 1 })
  expect(await failureOf(client.request({ ...get, deadline: deadlineIn(30_000) }))).toMatchObject({
    reason: 'status',
  })
  expect([server.seen.length, client.counts().retries]).toEqual([1, 0])
})

test('the pauses are of random length', async () => {
  const random = jest.spyOn(Math, 'random')
  const server = await startServer(broken)
  await failureOf(clientOf(server.url, { retries: 3, breaker: manyFailures }).request(get))
  expect(random).toHaveBeenCalledTimes(3)
})

test('nothing is sent again to a service of which the breaker has doubts', async () => {
  const server = await startServer(broken)
  const client = clientOf(server.url, {
    retries: 100,
    breaker: { ...breakerOptions, resetTimeoutMs: 60_000 },
  })
  expect(await failureOf(client.request(get))).toMatchObject({ reason: 'status' })
  expect(client.state()).toBe('open')
  expect(server.seen).toHaveLength(breakerOptions.volumeThreshold)
})

test('a probe is not repeated: its loop comes again by itself', async () => {
  const server = await startFailing(1, broken)
  expect(await failureOf(clientOf(server.url, { retries: 3 }).probe(get))).toMatchObject({ reason: 'status' })
  expect(server.seen).toHaveLength(1)
})

describe('a request says how long its caller still waits', () => {
  async function toldMs(request: object, options: object): Promise<number[]> {
    const told: number[] = []
    const server = await startServer((received, response) => {
      told.push(Number(received.headers['x-request-timeout-ms']))
      response.writeHead(told.length === 1 ? 500 : 200).end()
    })
    await clientOf(server.url, { retries: 1, ...options }).request({ ...get, ...request })
    return told
  }

  test('the timeout, if that is less', async () => {
    const [first, second] = await toldMs({ deadline: deadlineIn(60_000) }, { timeoutMs: 20_000 })
    expect(first).toBeGreaterThan(10_000)
    expect(first).toBeLessThanOrEqual(20_000)
    expect(second).toBeLessThanOrEqual(first!)
  })

  test('what is left until the deadline, if that is', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(0.5)
    const [first, second] = await toldMs({ deadline: deadlineIn(20_000) }, { timeoutMs: 60_000 })
    expect(first).toBeLessThanOrEqual(20_000)
    // The pause before the second was 25 ms.
    expect(second).toBeLessThanOrEqual(first! - 24)
  })
})

test('a call after the deadline of its caller does not reach the service', async () => {
  const server = await startRawServer(() => undefined)
  const client = clientOf(`http://127.0.0.1:${server.port}`)
  expect(await failureOf(client.request({ ...get, deadline: deadlineIn(-5) }))).toMatchObject({
    reason: 'deadline',
  })
  expect(server.accepted()).toBe(0)
})
