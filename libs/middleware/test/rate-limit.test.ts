import type { RequestHandler } from 'express'
import { rateLimit, rateLimiter } from '../src'
import { clientOf } from '../src/rate-limit'
import { answer, closeServers, serve } from './serve'

afterAll(closeServers)

const limited = (perSecond: number, trustProxy = 0) =>
  serve((log) => [rateLimit(rateLimiter({ name: 'test', perSecond, log })), answer], trustProxy)
type Get = Awaited<ReturnType<typeof serve>>['get']

/** What is told in less than a second, for which limits are: on a busy machine it is tried again with another server. */
async function inOneSecond<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 0; tries < 20; tries += 1) {
    const startedAt = performance.now()
    const told = await ask()
    if (performance.now() - startedAt < 900) return told
  }
  throw new Error('It took more than a second each time')
}

/** The statuses of so many requests, one after the other. */
async function statuses(get: Get, count: number, headers: Record<string, string> = {}) {
  const seen: number[] = []
  for (let i = 0; i < count; i++) seen.push((await get('/', headers)).status)
  return seen
}
/** Those of five requests that a proxy says are from there, and of more. */
async function statusesFrom(addressOf: (nth: number) => string, ...more: string[]) {
  const { get } = await limited(1, 1)
  const seen: number[] = []
  for (const address of [0, 1, 2, 3, 4].map(addressOf).concat(more))
    seen.push(...(await statuses(get, 1, { 'x-forwarded-for': address })))
  return seen
}

const times = (count: number, status: number) => Array<number>(count).fill(status)

test('every answer tells the limit, what is left of it, and when it is whole again', async () => {
  const told = await inOneSecond(async () => {
    const { get } = await limited(3)
    const answers = []
    for (let i = 0; i < 10; i++) answers.push(await get())
    return answers.map(({ status, headers }) => [
      status,
      ...['limit', 'remaining', 'reset'].map((name) => headers.get(`ratelimit-${name}`)),
    ])
  })
  expect(told).toEqual([
    [200, '3', '2', '1'],
    [200, '3', '1', '1'],
    [200, '3', '0', '1'],
    ...Array<unknown>(6).fill([200, '3', '0', '1']),
    [429, '3', '0', '1'],
  ])
})

test('a client that was quiet may send a burst of twice its limit, and no more', async () => {
  const seen = await inOneSecond(async () => statuses((await limited(3)).get, 12))
  expect(seen).toEqual([...times(9, 200), ...times(3, 429)])
})

test('a refusal is a problem that says when to try again, and then it is right', async () => {
  const { get, refused } = await inOneSecond(async () => {
    const { get } = await limited(1)
    await statuses(get, 3)
    return { get, refused: await get() }
  })
  const { status, headers, body } = refused
  expect([status, body.code]).toEqual([429, 'rate_limited'])
  expect(headers.get('content-type')).toBe('application/problem+json')
  const seconds = Number(headers.get('retry-after'))
  expect(seconds).toBe(1)
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000))
  expect((await get()).status).toBe(200)
})

test('a forged X-Forwarded-For makes no other client', async () => {
  const seen = await inOneSecond(async () => {
    const { get } = await limited(1)
    const all = []
    for (let i = 0; i < 10; i++) all.push(...(await statuses(get, 1, { 'x-forwarded-for': `192.0.2.${i}` })))
    return all
  })
  expect(seen).toEqual([...times(3, 200), ...times(7, 429)])
})

test('behind a proxy that is trusted each client has its own limit', async () => {
  const both = await inOneSecond(async () => {
    const { get } = await limited(1, 1)
    const of = (ip: string) => statuses(get, 4, { 'x-forwarded-for': ip })
    return [await of('192.0.2.1'), await of('192.0.2.2')]
  })
  for (const seen of both) expect(seen).toEqual([...times(3, 200), 429])
})

test('of several addresses only that which the trusted proxy saw counts', async () => {
  const seen = await inOneSecond(() => statusesFrom((i) => `10.0.0.${i}, 192.0.2.1`))
  expect(seen).toEqual([...times(3, 200), ...times(2, 429)])
})

test('a client whose proxy adds ports is one client', async () => {
  const seen = await inOneSecond(() => statusesFrom((i) => `[::ffff:192.0.2.1]:${50_000 + i}`, '192.0.2.1'))
  expect(seen).toEqual([...times(3, 200), ...times(3, 429)])
})

test('a client with an IPv6 network is one client', async () => {
  const seen = await inOneSecond(() => statusesFrom((i) => `2001:db8:0:1::${i}`, '2001:db8:0:2::1'))
  expect(seen).toEqual([...times(3, 200), ...times(2, 429), 200])
})

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::ffff:c000:201', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002::1', '2001:db8:1:2::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['nonsense', 'unknown'],
  [undefined, 'unknown'],
])('a client at %s is counted as %s', (ip, client) => {
  expect(clientOf(ip)).toBe(client)
})

test('a caller that is known by its key is not limited, and told of no limit', async () => {
  const known: RequestHandler = (req, _res, next) => {
    req.context.caller = 'order-service'
    req.context.machine = true
    next()
  }
  const { get } = await serve((log) => [
    known,
    rateLimit(rateLimiter({ name: 'test', perSecond: 1, log })),
    answer,
  ])
  expect(await statuses(get, 10)).toEqual(times(10, 200))
  expect((await get()).headers.get('ratelimit-limit')).toBeNull()
})
