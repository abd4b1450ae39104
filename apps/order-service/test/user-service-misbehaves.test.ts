import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { failing, type Mood } from './stub'
import { anOrder, createWorld, until, type World } from './world'

const timeLimitMs = 500
const callers = 32
const roundsOfMemory = 75
// The call's limit, and the pauses of a busy machine; far less than the 30 s of the slow one.
const deadlineMs = 15_000

let world: World
beforeEach(async () => {
  world = await createWorld()
})
afterEach(() => world.end())

test.each<[string, Mood | 'stopped', string]>([
  ['answers after 30 s', { is: 'slow', ms: 30_000 }, 'timeout'],
  ['refuses', 'stopped', 'refused'],
  ['gives 500s', failing(500), 'status'],
  ['resets connections', { is: 'resetting' }, 'reset'],
])(
  'with a user service that %s, orders answer in time, the breaker opens, the event loop stays free and memory flat',
  async (_how, mood, reason) => {
    // Trials come all the time, or after the first calls there would be nothing to see.
    const { url, api, metric } = await world.startService({
      ORDER_SERVICE_CALL_TIMEOUT_MS: String(timeLimitMs),
      CIRCUIT_BREAKER_TIMEOUT: '0.05',
      // Longer than the test takes on a busy machine: who is remembered is so to its end.
      ORDER_SERVICE_USER_MEMORY: '600',
    })
    expect((await api.post('/api/v1/orders', anOrder)).status).toBe(201)
    if (mood === 'stopped') await world.userService.stop()
    else world.userService.mood = mood

    let nth = 0
    const place = async () => {
      const startedAt = performance.now()
      // One who is remembered, and one who is not.
      const userId = 1 + (nth++ % 2)
      const response = await fetch(`${url}/api/v1/orders`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-request-timeout-ms': String(deadlineMs) },
        body: JSON.stringify({ ...anOrder, user_id: userId }),
      })
      await response.arrayBuffer()
      expect(response.status).toBe(userId === 1 ? 201 : 503)
      expect(performance.now() - startedAt).toBeLessThan(deadlineMs)
    }
    const round = () => Promise.all(Array.from({ length: callers }, place))

    const eventLoop = monitorEventLoopDelay({ resolution: 10 })
    eventLoop.enable()
    for (let n = 0; n < 5; n += 1) await round()
    const before = await heapInUse()
    for (let n = 0; n < roundsOfMemory; n += 1) await round()
    eventLoop.disable()
    const after = await heapInUse()

    expect(
      await metric('order_service_circuit_breaker_opened_total{service="user-service"}'),
    ).toBeGreaterThan(0)
    const failures = `order_service_client_requests_total{service="user-service",outcome="${reason}"}`
    expect(await metric(failures)).toBeGreaterThanOrEqual(3)
    expect(await metric('order_service_user_fallbacks_total{outcome="remembered"}')).toBeGreaterThan(0)
    // The median: a busy machine leaves any process without a processor now and then. Who waits for an answer would block for 500 ms.
    expect(eventLoop.percentile(50) / 1e6).toBeLessThan(400)
    // Some 2,000 orders: a request that stayed, with its socket and its error, would have a good 10 kB.
    expect((after - before) / (roundsOfMemory * callers)).toBeLessThan(5_000)
    if (mood !== 'stopped') await until(async () => (await world.userService.connections()) === 0)
  },
)

/** Bytes, when all that can be collected is. */
async function heapInUse(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  for (let n = 0; n < 3; n += 1) {
    await delay(50)
    collectGarbage()
  }
  return process.memoryUsage().heapUsed
}
