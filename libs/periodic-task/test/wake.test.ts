import { getEventListeners } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createWake } from '../src/wake'

const soon = 60_000

test('a wait ends when it is woken, when its time is over, when it is stopped, and at once if it has happened', async () => {
  const { wake, reset, wait } = createWake()
  const stopping = new AbortController()
  const woken = wait(soon, stopping.signal)
  wake()
  await woken
  await wait(soon, stopping.signal)
  reset()
  await wait(1, stopping.signal)
  const stopped = wait(soon, stopping.signal)
  stopping.abort()
  await stopped
  await wait(soon, stopping.signal)
  expect(getEventListeners(stopping.signal, 'abort')).toEqual([])
})

test('waits leave nothing behind, however many there are', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const { wake, reset, wait } = createWake()
  const { signal } = new AbortController()
  const heapAfter = async (waits: number) => {
    for (let n = 0; n < waits; n += 1) {
      reset()
      const woken = wait(soon, signal)
      wake()
      await woken
    }
    // What is only weakly held goes after a turn of the loop.
    await new Promise((resolve) => setTimeout(resolve, 50))
    collect()
    return process.memoryUsage().heapUsed
  }
  const before = await heapAfter(20_000)
  expect((await heapAfter(60_000)) - before).toBeLessThan(1_000_000)
})
