import { inspectLedger } from '@ordinal/testing'
import { ask, eventually } from '../src/calls'
import type { Callers } from '../src/impatient-callers'
import type { Pairs } from '../src/pairs'
import { expectOneNumberForEachOrder, readOrders } from './proof'

/** Every kind of request was answered, and none failed; no number came twice, and the ledger is whole. Says how many there were. */
export async function expectNothingFailed(pairs: Pairs, callers: Callers): Promise<void> {
  const { answered, failed, numbers, seconds, slowestMs } = callers
  const total = [...answered.values()].reduce((sum, count) => sum + count, 0)
  process.stdout.write(
    `${total} requests answered in ${seconds().toFixed(1)} s (${(total / seconds()).toFixed()} a second), ` +
      `${failed.length} failed, the slowest took ${slowestMs()} ms\n`,
  )
  expect(failed).toEqual([])
  expect(answered.size).toBe(7)
  expect(new Set(numbers).size).toBe(numbers.length)
  expect((await inspectLedger(pairs.databases.sequencer)).faults).toEqual([])
  // Those for which the sequencer took too long are numbered a moment later.
  await eventually(
    async () => (await readOrders(pairs)).filter((order) => order.order_number === null).length,
    (withoutNumber) => withoutNumber === 0,
  )
  await expectOneNumberForEachOrder(pairs)
  const { body } = await ask(pairs.sequencers[0], 'GET', '/api/v1/audit/verify')
  expect(body).toMatchObject({ fits: true, findings: [] })
}
