import { inspectLedger, withHaproxy } from '@ordinal/testing'
import { ask, eventually } from '../src/calls'
import { startCallers, type Callers } from '../src/impatient-callers'
import { startPairs, type Pairs } from '../src/pairs'
import { expectOneNumberForEachOrder } from './proof'

withHaproxy('two of each service behind HAProxy', () => {
  let pairs: Pairs
  let callers: Callers | undefined
  afterEach(async () => {
    await callers?.stop()
    await pairs?.stop()
  })

  test('each instance is replaced under load, and no request fails: HTTP with kept connections, gRPC, orders with their numbers', async () => {
    pairs = await startPairs({ SHUTDOWN_DRAIN_MS: '3000' })
    callers = await startCallers(pairs)
    for (const instance of pairs.instances) {
      expect(await instance.end('SIGTERM')).toBe(0)
      await instance.start()
      await pairs.inUse(instance)
    }
    await callers.stop()
    expect(callers.failed).toEqual([])
    expect([...callers.answered.keys()].sort()).toEqual([
      'number',
      'number by gRPC',
      'number by gRPC of an instance',
      'number of an instance',
      'order',
      'order by gRPC',
      'user',
    ])
    expect(new Set(callers.numbers).size).toBe(callers.numbers.length)
    expect((await inspectLedger(pairs.databases.sequencer)).faults).toEqual([])
    const { body } = await ask(pairs.sequencers[0], 'GET', '/api/v1/audit/verify')
    expect(body).toMatchObject({ fits: true, findings: [] })
    await expectOneNumberForEachOrder(pairs)
  }, 300_000)

  test('control: of instances that are killed, requests fail', async () => {
    pairs = await startPairs({})
    callers = await startCallers(pairs)
    await eventually(
      () => callers!.numbers.length,
      (count) => count > 100,
      20_000,
    )
    for (const victim of pairs.sequencers) {
      expect(await victim.end('SIGKILL')).toBe('SIGKILL')
      await victim.start()
      await pairs.inUse(victim)
    }
    await callers.stop()
    expect(callers.failed).not.toEqual([])
  }, 300_000)
})
