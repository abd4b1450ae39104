import { once } from 'node:events'
import { Agent, request, type IncomingMessage } from 'node:http'
import { createTestDatabase, until, type TestDatabase } from '@ordinal/testing'
import { groupReads } from '@ordinal/batching'
import { createGate, sharedFor, watchMainWork } from '@ordinal/http'
import { startFakeService } from './fake-service'

const bounds = { places: 4, shareOfClient: 0.5, waiting: 4, waitMs: 5_000, busyRate: 1_000 }
const refusal = { code: 'overloaded', status: 503, retryAfterSeconds: 1 }
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

test('one client has at most half of the places, and the others have theirs', async () => {
  const gate = createGate(bounds)
  await Promise.all([gate.enter('greedy'), gate.enter('greedy')])
  void gate.enter('greedy').catch(() => {})
  void gate.enter('greedy').catch(() => {})
  await expect(gate.enter('greedy')).rejects.toMatchObject(refusal)

  await Promise.all([gate.enter('modest'), gate.enter('another')])
  expect(gate.state()).toEqual({ under_way: 4, waiting: 2 })
})

test('who waits gets the next place, and a place is given back once', async () => {
  const gate = createGate({ ...bounds, places: 1, shareOfClient: 1 })
  const leave = await gate.enter('a')
  const next = gate.enter('b')
  const third = gate.enter('c')
  leave()
  leave()
  const leaveNext = await next
  expect(gate.state()).toEqual({ under_way: 1, waiting: 1 })
  leaveNext()
  ;(await third)()
  expect(gate.state()).toEqual({ under_way: 0, waiting: 0 })
})

test('a client that has gone waits no longer, and its place goes to the next', async () => {
  const gate = createGate({ ...bounds, places: 1, shareOfClient: 1, waiting: 1 })
  const leave = await gate.enter('a')
  let go = () => {}
  const gone = gate.enter('b', 1, (forget) => (go = forget))
  go()
  expect(gate.state()).toEqual({ under_way: 1, waiting: 0 })
  const leaveNone = await gone
  leaveNone()
  const next = gate.enter('c')
  leave()
  await next
  go()
  expect(gate.state()).toEqual({ under_way: 1, waiting: 0 })
})

test('past the waiting room, and past the time that one may wait, there is a refusal', async () => {
  const gate = createGate({ ...bounds, places: 1, shareOfClient: 1, waiting: 1, waitMs: 20 })
  await gate.enter('a')
  const waiting = gate.enter('b')
  await expect(gate.enter('c')).rejects.toMatchObject(refusal)
  await expect(waiting).rejects.toMatchObject(refusal)
  expect(gate.state()).toEqual({ under_way: 1, waiting: 0 })
})

test('who must not be refused passes when it has waited for long', async () => {
  const gate = createGate({ ...bounds, places: 1, shareOfClient: 1, waitMs: 20, passesLate: true })
  await gate.enter('a')
  await gate.enter('b')
  expect(gate.state()).toEqual({ under_way: 2, waiting: 0 })
})

test('while the process is busy, what is beyond the rate waits and still comes to its turn', async () => {
  const gate = createGate({ ...bounds, shareOfClient: 1, waiting: 100, places: 100 }, () => true)
  const entering = Array.from({ length: 100 }, (_, n) => gate.enter(String(n)))
  expect(gate.state().waiting).toBeGreaterThan(0)
  await Promise.all(entering)
  expect(gate.state()).toEqual({ under_way: 100, waiting: 0 })
})

test('what has passed while the process was not busy keeps nobody waiting afterwards', async () => {
  let busy = false
  const gate = createGate({ ...bounds, busyRate: 20, waitMs: 500 }, () => busy)
  for (let n = 0; n < 100; n += 1) (await gate.enter('a'))()
  busy = true
  ;(await gate.enter('a'))()
})

test('while the process is busy, fewer are under way, and the others follow when it is not', async () => {
  let busy = true
  const gate = createGate({ ...bounds, shareOfClient: 1, busyPlaces: 1 }, () => busy)
  const entering = upTo(4).map((n) => gate.enter(String(n)))
  await entering[0]
  expect(gate.state()).toEqual({ under_way: 1, waiting: 3 })
  busy = false
  await Promise.all(entering)
  expect(gate.state()).toEqual({ under_way: 4, waiting: 0 })
})

test('while the process is busy, what takes long is followed by a rest', async () => {
  // A pause of the machine is followed by ten times its length.
  const gate = createGate({ ...bounds, places: 1, busyRest: 10, waitMs: 120_000 }, () => true)
  const leave = await gate.enter('a')
  const startedAt = performance.now()
  await until(() => performance.now() - startedAt >= 20)
  const tookMs = performance.now() - startedAt
  leave()
  await gate.enter('b')
  expect(performance.now() - startedAt).toBeGreaterThan(9 * tookMs)
})

test('who asks now and then passes before those who ask all the time', async () => {
  const gate = createGate({ ...bounds, places: 1, shareOfClient: 1, waiting: 100 })
  let leave = await gate.enter('flood', 1)
  const order: unknown[] = []
  const enter = (client: string, connection: unknown) =>
    gate.enter(client, connection).then((left) => {
      order.push(connection)
      leave = left
    })
  const entering = [1, 1, 1].map((connection) => enter('flood', connection))
  entering.push(enter('flood', 2), enter('modest', 3))
  for (const position of upTo(5)) {
    leave()
    await until(() => order.length === position)
  }
  expect(order).toEqual([3, 2, 1, 1, 1])
  await Promise.all(entering)
})

test('a full waiting room has a place for who asks now and then', async () => {
  const gate = createGate({ ...bounds, places: 1, shareOfClient: 1, waiting: 2 })
  await gate.enter('flood', 1)
  const flood = [gate.enter('flood', 1), gate.enter('flood', 1)].map((entering) =>
    entering.catch((error: unknown) => error),
  )
  void gate.enter('modest', 2).catch(() => {})
  expect(await flood[1]).toMatchObject(refusal)
  expect(gate.state()).toEqual({ under_way: 1, waiting: 2 })
  await expect(gate.enter('flood', 1)).rejects.toMatchObject(refusal)
})

test('the process is busy while its main work is asked for, and not for long after', async () => {
  const mainWork = watchMainWork()
  await until(() => {
    mainWork.count()
    return mainWork.isBusy()
  })
  await until(() => !mainWork.isBusy())
})

test('a hundred that ask at once share one result, and none shares a failure with later ones', async () => {
  let made = 0
  const ask = sharedFor(60_000, () => {
    made += 1
    return made === 1 ? Promise.reject(new Error('not now')) : Promise.resolve(made)
  })
  await expect(ask()).rejects.toThrow('not now')
  const results = await Promise.all(Array.from({ length: 100 }, ask))
  expect(new Set(results)).toEqual(new Set([2]))
})

test('reads that are asked for while one is under way share the next, which is as new as their question', async () => {
  let truth = 1
  let reads = 0
  const read = groupReads(async () => {
    reads += 1
    const seen = truth
    await new Promise((resolve) => setImmediate(resolve))
    return seen
  })
  const first = read('a')
  truth = 2
  const later = Promise.all(upTo(100).map(() => read('a')))
  expect([await first, new Set(await later), reads]).toEqual([1, new Set([2]), 2])
  truth = 3
  expect([await read('a'), await read('b')]).toEqual([3, 3])
})

test('a read that fails fails for those who share it, and for nobody after', async () => {
  let fails = true
  const read = groupReads(() => (fails ? Promise.reject(new Error('away')) : Promise.resolve('here')))
  const [first, second] = [read('a'), read('a')]
  await expect(first).rejects.toThrow('away')
  await expect(second).rejects.toThrow('away')
  fails = false
  expect(await read('a')).toBe('here')
})

describe('a service that is asked for numbers', () => {
  let database: TestDatabase
  let served: Awaited<ReturnType<typeof startFakeService>>
  const agent = new Agent({ keepAlive: true })
  beforeAll(async () => {
    database = await createTestDatabase()
    served = await startFakeService(database.url)
  })
  afterAll(async () => {
    agent.destroy()
    await served.service.stop()
    await database.drop()
  })

  /** Asks again and again until it is time to end; gives how often it was answered. */
  async function keepAsking(
    callers: number,
    method: string,
    path: string,
    ended: () => boolean,
    count = () => {},
  ): Promise<number> {
    let answered = 0
    const ask = async () => {
      while (!ended()) {
        const sent = request({ agent, port: served.port, method, path }).end()
        const [answer] = (await once(sent, 'response')) as [IncomingMessage]
        await once(answer.resume(), 'end')
        answered += 1
        count()
      }
    }
    await Promise.all(upTo(callers).map(ask))
    return answered
  }

  test.each([
    ['paths that do not exist', 'GET', '/no/such/path'],
    ['methods that are not there', 'PUT', '/api/v1/next/SG'],
    ['requests that are wrong', 'GET', '/api/v1/things?page=none'],
    ['probes', 'GET', '/metrics'],
    ['whether it is alive', 'GET', '/health/live'],
    ['whether it is ready', 'GET', '/health/ready'],
    ['its documents', 'GET', '/openapi.json'],
    ['scripts of its documents', 'GET', '/docs/files/start.js'],
  ])('serves them first, and a flood of %s after them', async (_what, method, path) => {
    let numbers = 0
    const ended = () => numbers >= 1_000
    const flood = keepAsking(40, method, path, ended)
    const startedAt = performance.now()
    await keepAsking(4, 'POST', '/api/v1/next/SG', ended, () => (numbers += 1))
    const seconds = (performance.now() - startedAt) / 1_000
    // The gates let 200 a second pass, which on a machine that is busy with other things is more than the numbers are.
    expect(await flood).toBeLessThan(Math.max(numbers, 250 * seconds))
  })

  test('logs what it refuses in a flood as a line a second, with how many there were', async () => {
    const told = () => served.logged.of('requests refused').filter(({ count }) => Number(count) > 40)
    const ended = () => told().length > 0
    await Promise.all([
      keepAsking(40, 'GET', '/no/such/path', ended),
      keepAsking(4, 'POST', '/api/v1/next/SG', ended),
    ])
    expect(told()[0]).toMatchObject({
      codes: { route_not_found: expect.any(Number) as number },
      latest: { code: 'route_not_found', path: '/no/such/path', ip: '127.0.0.1' },
    })
  })
})
