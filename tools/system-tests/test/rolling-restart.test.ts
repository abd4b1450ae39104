import { withHaproxy } from '@ordinal/testing'
import { eventually } from '../src/calls'
import { startCallers, type Callers } from '../src/impatient-callers'
import { startPairs, type Pairs } from '../src/pairs'
import { expectNothingFailed } from './nothing-failed'

// 0 for full load, of all that the machine gives.
const pauseMs = Number(process.env.SYSTEM_TEST_PAUSE_MS ?? 200)

withHaproxy('two of each service behind HAProxy', () => {
  let pairs: Pairs
  let callers: Callers | undefined
  beforeAll(async () => void (pairs = await startPairs()))
  afterEach(() => callers?.stop())
  afterAll(() => pairs?.stop())

  test('each instance is replaced under load, and no request fails: HTTP on kept connections, gRPC, orders and their numbers', async () => {
    callers = await startCallers(pairs, pauseMs)
    await pairs.replaceAll()
    await callers.stop()
    await expectNothingFailed(pairs, callers)
  }, 360_000)

  test('control: of instances that are killed, requests fail', async () => {
    callers = await startCallers(pairs, 0)
    for (const victim of pairs.sequencers) {
      const before = callers.numbers.length
      await eventually(
        () => callers!.numbers.length,
        (count) => count > before + 100,
      )
      expect(await victim.end('SIGKILL')).toBe('SIGKILL')
      await victim.start()
    }
    await callers.stop()
    expect(callers.failed).not.toEqual([])
  })
})
