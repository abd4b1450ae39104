import { setImmediate as turn } from 'node:timers/promises'
import { createPeriodicTask } from '../src'

const never = 2 ** 30
const ignore = () => undefined

/** Runs that are counted, and end when the test says so. */
function heldRuns() {
  const waiting: (() => void)[] = []
  const seen = { started: 0, atOnce: 0, most: 0 }
  const run = async (): Promise<void> => {
    seen.started += 1
    seen.atOnce += 1
    seen.most = Math.max(seen.most, seen.atOnce)
    await new Promise<void>((resolve) => waiting.push(resolve))
    seen.atOnce -= 1
  }
  return { seen, run, end: () => waiting.shift()?.() }
}

const until = async (condition: () => boolean) => {
  while (!condition()) await turn()
}

test('it runs at the start, and again after each pause', async () => {
  let runs = 0
  const run = () => Promise.resolve(void (runs += 1))
  const task = createPeriodicTask({ run, report: ignore, everyMs: 1 })
  task.start()
  await until(() => runs >= 3)
  await task.stop()
})

test('two runs never go on at a time, however often it is started and woken', async () => {
  const { seen, run, end } = heldRuns()
  const task = createPeriodicTask({ run, report: ignore, everyMs: 1 })
  task.start()
  task.start()
  for (let n = 1; n <= 5; n += 1) {
    await until(() => seen.started === n)
    task.wake()
    end()
  }
  await until(() => seen.started === 6)
  expect(seen.most).toBe(1)
  const stopped = task.stop()
  end()
  await stopped
})

test('stop waits for the run under way, tells it to end, and no run follows', async () => {
  const { seen, run, end } = heldRuns()
  let signal: AbortSignal | undefined
  const task = createPeriodicTask({
    run: (given) => ((signal = given), run()),
    report: ignore,
    everyMs: 1,
  })
  task.start()
  await until(() => seen.started === 1)
  let stopped = false
  const stopping = task.stop().then(() => (stopped = true))
  await turn()
  expect({ stopped, aborted: signal?.aborted }).toEqual({ stopped: false, aborted: true })
  end()
  await stopping
  task.wake()
  task.start()
  await turn()
  expect(seen.started).toBe(1)
})

test('stop ends a pause at once, and before the start it does nothing', async () => {
  let runs = 0
  const run = () => Promise.resolve(void (runs += 1))
  const options = { run, report: ignore, everyMs: never }
  await createPeriodicTask(options).stop()
  const task = createPeriodicTask({ ...options, firstAfterMs: never })
  task.start()
  await task.stop()
  expect(runs).toBe(0)
})

test('it is woken from a pause; woken during a run, or where there is more to do, the next run follows at once', async () => {
  const { seen, run, end } = heldRuns()
  let more = false
  const task = createPeriodicTask({
    run: () => run().then(() => more),
    report: ignore,
    everyMs: never,
    firstAfterMs: never,
  })
  task.start()
  task.wake()
  await until(() => seen.started === 1)
  task.wake()
  end()
  await until(() => seen.started === 2)
  more = true
  end()
  await until(() => seen.started === 3)
  const stopped = task.stop()
  end()
  await stopped
})

test('each outcome is reported, and after a failure the next run comes after its own pause', async () => {
  const reported: unknown[] = []
  const lost = new Error('lost')
  let runs = 0
  const task = createPeriodicTask({
    // The pause between two runs would never end: only the one after a failure does.
    run: () => (++runs === 2 ? Promise.reject(lost) : Promise.resolve(runs === 1)),
    report: (error) => void reported.push(error),
    everyMs: never,
    retryMs: 1,
  })
  task.start()
  await until(() => reported.length === 3)
  await task.stop()
  expect(reported).toEqual([undefined, lost, undefined])
})
