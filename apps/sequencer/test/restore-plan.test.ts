import { readPlan, type RestorePlan } from '../src/restore/plan'
import { faultsOfCheckpoint } from '../src/restore/faults'
import { targetsOf } from '../src/restore/targets'

const plan: RestorePlan = {
  type: 'ordinal-restore-plan-v1',
  reason: 'disk lost',
  margin: 0,
  counters: [],
  numbers: [],
}

test('a plan without a margin is read, and one with too large a margin is refused', () => {
  expect(readPlan(JSON.stringify(plan))).toEqual(plan)
  expect(() => readPlan(JSON.stringify({ ...plan, margin: 100_001 }))).toThrow('margin')
})

test.each([
  ['nothing', ''],
  ['half of a plan', '{"type":"ordinal-'],
  ['null', 'null'],
])('%s is no plan, and the message says so', (_, text) => {
  expect(() => readPlan(text)).toThrow(text === 'null' ? 'no plan' : 'give the file that --plan wrote')
})

test('a ledger that ended long ago is raised without a margin only, and the message says how', () => {
  const days = { from: '2025-01-01', to: '2026-11-30' }
  const sequence = { rules: { prefix: 'SG' }, slotOfDate: () => ({ period: '' }) }
  const sequences = new Map([['SG', sequence as never]])
  expect(() => targetsOf({ ...plan, margin: 1 }, sequences, [], days)).toThrow('--margin 0')
  expect(targetsOf(plan, sequences, [], days)).toEqual([])
})

test('a kept checkpoint needs the key that it is compared by', () => {
  expect(faultsOfCheckpoint({ keptCheckpoint: undefined, signingKey: undefined })).toEqual([])
  expect(faultsOfCheckpoint({ keptCheckpoint: 'last.jws', signingKey: undefined })).toEqual([
    {
      variable: 'SEQUENCER_KEPT_CHECKPOINT',
      message: expect.stringMatching(/^SEQUENCER_KEPT_CHECKPOINT needs SEQUENCER_SIGNING_KEY/),
    },
  ])
})
