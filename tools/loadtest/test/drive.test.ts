import fc from 'fast-check'
import { drive, type Plan, type Sample } from '../src/drive'
import { createServer, createVirtualClock } from './virtual-clock'

const endless = { requests: Infinity, durationMs: Infinity, patienceMs: Infinity }

/** What a plan does to a server that can answer one request every so many milliseconds. */
async function driven(plan: Partial<Plan> & Pick<Plan, 'concurrency'>, serviceMs: number) {
  const clock = createVirtualClock()
  const server = createServer(clock, serviceMs)
  const samples: Sample<true>[] = []
  let underWay = 0
  let most = 0
  const { elapsedMs } = await clock.run(
    drive<true>(
      { ...endless, ...plan },
      {
        clock,
        signal: new AbortController().signal,
        note: (sample) => samples.push(sample),
        async send() {
          underWay += 1
          most = Math.max(most, underWay)
          await server()
          underWay -= 1
          return true
        },
      },
    ),
  )
  const longest = (time: 'responseMs' | 'serviceMs') => Math.max(...samples.map((sample) => sample[time]))
  return { samples, elapsedMs, most, longest }
}

test('at twice the capacity the open loop shows the waiting that a closed loop hides', async () => {
  // 100 a second can be answered.
  const closed = await driven({ concurrency: 4, durationMs: 10_000 }, 10)
  const open = await driven({ concurrency: 4, durationMs: 10_000, perSecond: 200 }, 10)

  // Four callers who wait for each other: each answer takes 40 ms, however long that goes on.
  expect([closed.longest('responseMs'), closed.samples.length]).toEqual([40, 1003])
  // Of the open loop all 2,000 are answered, the last of them after 20 s, 10 s after it was to be sent.
  expect(open.samples).toHaveLength(2_000)
  expect(open.longest('responseMs')).toBe(20_000 - 1_999 * 5)
  // A clock that starts with the sending would say 40 ms again.
  expect(open.longest('serviceMs')).toBe(40)
})

test('below the capacity both clocks say the same', async () => {
  const { samples, elapsedMs } = await driven({ concurrency: 4, requests: 100, perSecond: 50 }, 10)
  expect(new Set(samples.map(({ responseMs, serviceMs }) => [responseMs, serviceMs].join()))).toEqual(
    new Set(['10,10']),
  )
  expect(elapsedMs).toBe(99 * 20 + 10)
})

test('a request that was to be sent too long ago is given up, and its waiting is reported', async () => {
  const plan = { concurrency: 1, requests: 1_000, perSecond: 1_000, patienceMs: 100 }
  const { samples, elapsedMs } = await driven(plan, 10)
  const givenUp = samples.filter(({ call }) => call === undefined)
  expect(givenUp.length).toBeGreaterThan(500)
  expect(Math.min(...givenUp.map(({ responseMs }) => responseMs))).toBeGreaterThan(100)
  expect(elapsedMs).toBeLessThanOrEqual(1_000 + 100 + 10)
})

test('of any plan: no request more than asked for, none beyond the callers, and no response before its service', () =>
  fc.assert(
    fc.asyncProperty(
      fc.record({
        concurrency: fc.integer({ min: 1, max: 20 }),
        requests: fc.integer({ min: 1, max: 200 }),
        durationMs: fc.integer({ min: 1, max: 2_000 }),
        perSecond: fc.option(fc.integer({ min: 1, max: 2_000 }), { nil: undefined }),
      }),
      fc.integer({ min: 1, max: 50 }),
      async (plan, serviceMs) => {
        const { samples, most } = await driven(plan, serviceMs)
        expect(samples.length).toBeLessThanOrEqual(plan.requests)
        expect(most).toBeLessThanOrEqual(plan.concurrency)
        for (const { responseMs, serviceMs } of samples) expect(responseMs).toBeGreaterThanOrEqual(serviceMs)
        // The open loop sends what arrives while it lasts, however slow the answers are.
        if (plan.perSecond !== undefined)
          expect(samples).toHaveLength(
            Math.min(plan.requests, Math.ceil((plan.durationMs * plan.perSecond) / 1000)),
          )
      },
    ),
    { numRuns: 60 },
  ))

test('an interruption begins nothing more', async () => {
  const clock = createVirtualClock()
  const interruption = new AbortController()
  let sent = 0
  const samples: unknown[] = []
  await clock.run(
    drive(
      { ...endless, concurrency: 3 },
      {
        clock,
        signal: interruption.signal,
        note: (sample) => samples.push(sample),
        async send() {
          sent += 1
          if (sent === 10) interruption.abort()
          await clock.until(clock.now() + 5, interruption.signal)
        },
      },
    ),
  )
  expect([sent, samples.length]).toEqual([10, 10])
})
