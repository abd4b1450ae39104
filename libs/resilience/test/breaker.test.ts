import { createBreaker, type Breaker, type BreakerState, type Permit } from '../src/breaker'

type Step =
  | 'ok'
  | 'fail'
  | 'nothing' // a call that ends so
  | 'refused' // a call that is not let in
  | 'start' // a call that stays under way
  | 'end ok'
  | 'end fail' // the oldest call under way ends
  | 'probe ok'
  | 'probe fail'
  | 'probe nothing'
  | 'reset timeout'
  | 'interval'

const options = {
  resetTimeoutMs: 1000,
  intervalMs: 10_000,
  maxRequests: 3,
  errorThresholdPercentage: 50,
  volumeThreshold: 4,
  consecutiveFailures: 5,
}
const times = (count: number, step: Step) => Array<Step>(count).fill(step)
const opened: Step[] = ['fail', 'fail', 'fail', 'fail']
const halfOpen: Step[] = [...opened, 'reset timeout']

const cases: [name: string, steps: Step[], state: BreakerState][] = [
  ['is closed at first', [], 'closed'],
  ['stays closed below the volume threshold', ['fail', 'fail', 'fail'], 'closed'],
  ['opens at the volume threshold', opened, 'open'],
  ['stays closed at exactly the share of errors', ['ok', 'ok', 'ok', 'fail', 'fail', 'fail'], 'closed'],
  ['opens above it', ['ok', 'ok', 'fail', 'fail', 'fail'], 'open'],
  [
    'opens at failures in a row, however many successes came before',
    [...times(100, 'ok'), ...times(5, 'fail')],
    'open',
  ],
  [
    'stays closed if a success comes between them',
    [...times(100, 'ok'), ...times(4, 'fail'), 'ok', ...times(4, 'fail')],
    'closed',
  ],
  ['counts no failures in a row over a change of its state', [...halfOpen, 'probe ok', 'fail'], 'closed'],
  [
    'does not take a call that tells nothing for a success',
    [...times(100, 'ok'), ...times(4, 'fail'), 'nothing', 'fail'],
    'open',
  ],
  ['does not count calls that tell nothing', ['nothing', 'nothing', 'nothing', 'nothing', ...opened], 'open'],
  ['forgets what is older than the interval', ['fail', 'fail', 'fail', 'interval', 'fail'], 'closed'],
  ['lets no call in while open', [...opened, 'refused'], 'open'],
  ['is half-open after the reset timeout', halfOpen, 'half_open'],
  ['stays half-open after fewer successes than trials', [...halfOpen, 'ok', 'ok'], 'half_open'],
  ['closes after as many successes as trials', [...halfOpen, 'ok', 'ok', 'ok'], 'closed'],
  ['opens again at one failure', [...halfOpen, 'ok', 'ok', 'fail'], 'open'],
  [
    'begins the trials anew after that',
    [...halfOpen, 'ok', 'ok', 'fail', 'reset timeout', 'ok', 'ok'],
    'half_open',
  ],
  [
    'opens once more after another reset timeout only',
    [...halfOpen, 'fail', 'refused', 'reset timeout', 'ok', 'ok', 'ok'],
    'closed',
  ],
  [
    'lets no more trials in at a time than it should',
    [...halfOpen, 'start', 'start', 'start', 'refused'],
    'half_open',
  ],
  [
    'lets the next in when one has ended',
    [...halfOpen, 'start', 'start', 'start', 'end ok', 'start', 'refused'],
    'half_open',
  ],
  [
    'does not close by calls that tell nothing',
    [...halfOpen, 'nothing', 'nothing', 'nothing', 'nothing'],
    'half_open',
  ],
  [
    'does not leak trials by them',
    [...halfOpen, 'nothing', 'nothing', 'nothing', 'start', 'start', 'start', 'refused'],
    'half_open',
  ],
  [
    'takes no success of a call from before the outage for a trial',
    ['start', 'start', 'start', ...halfOpen, 'end ok', 'end ok', 'end ok'],
    'half_open',
  ],
  ['takes no failure of such a call for one', ['start', ...halfOpen, 'end fail'], 'half_open'],
  [
    'is not opened by the failures of an outage that is over',
    [...halfOpen, 'ok', 'ok', 'ok', 'fail', 'fail', 'fail'],
    'closed',
  ],
  [
    'is not held closed by calls refused in it',
    [...opened, ...Array<Step>(100).fill('refused'), 'reset timeout', 'ok', 'ok', 'ok', ...opened],
    'open',
  ],
  ['is closed by a successful probe', [...opened, 'probe ok'], 'closed'],
  ['stays open at a failed probe', [...opened, 'probe fail'], 'open'],
  ['stays open at a probe that tells nothing', [...opened, 'probe nothing'], 'open'],
  [
    'is not kept open by failed probes',
    [...opened, 'probe fail', 'probe fail', 'reset timeout'],
    'half_open',
  ],
  ['is closed from half-open by a successful probe', [...halfOpen, 'probe ok'], 'closed'],
  ['is opened from half-open by a failed probe', [...halfOpen, 'probe fail'], 'open'],
  ['counts probes like calls while closed', ['probe fail', 'probe fail', 'probe fail', 'probe fail'], 'open'],
  [
    'does not go half-open by the timer of an outage that a probe ended',
    [...opened, 'probe ok', 'reset timeout'],
    'closed',
  ],
]

beforeEach(() => jest.useFakeTimers())
afterEach(() => jest.useRealTimers())

test.each(cases)('the breaker %s', async (_name, steps, state) => {
  const changes: string[] = []
  const breaker = createBreaker(options, (next, previous) => changes.push(`${previous}>${next}`))
  const underWay: Permit[] = []
  for (const step of steps) await take(step, breaker, underWay)
  expect(breaker.state()).toBe(state)
  expect(breaker.openedTotal()).toBe(changes.filter((change) => change.endsWith('>open')).length)
  breaker.shutdown()
  expect(jest.getTimerCount()).toBe(0)
})

test('tells each change and how long it stays open', async () => {
  const changes: string[] = []
  const breaker = createBreaker(options, (next, previous) => changes.push(`${previous}>${next}`))
  for (const step of opened) await take(step, breaker, [])
  await jest.advanceTimersByTimeAsync(400)
  expect(breaker.remainingMs()).toBe(600)
  for (const step of ['reset timeout', 'ok', 'ok', 'ok'] as const) await take(step, breaker, [])
  expect(breaker.remainingMs()).toBe(0)
  expect(changes).toEqual(['closed>open', 'open>half_open', 'half_open>closed'])
  breaker.shutdown()
})

test('a probe that ends after the shutdown starts nothing', async () => {
  const breaker = createBreaker(options, () => undefined)
  for (const step of opened) await take(step, breaker, [])
  const probe = breaker.admitProbe()
  breaker.shutdown()
  await probe('success')
  expect(jest.getTimerCount()).toBe(0)
})

async function take(step: Step, breaker: Breaker, underWay: Permit[]): Promise<void> {
  const admitted = () => {
    const permit = breaker.admit()
    if (!permit) throw new Error(`${step}: the call was not let in`)
    return permit
  }
  switch (step) {
    case 'ok':
      return admitted()('success')
    case 'fail':
      return admitted()('failure')
    case 'nothing':
      return admitted()('nothing')
    case 'refused':
      return expect(breaker.admit()).toBeUndefined()
    case 'start':
      return void underWay.push(admitted())
    case 'end ok':
      return underWay.shift()?.('success')
    case 'end fail':
      return underWay.shift()?.('failure')
    case 'probe ok':
      return breaker.admitProbe()('success')
    case 'probe fail':
      return breaker.admitProbe()('failure')
    case 'probe nothing':
      return breaker.admitProbe()('nothing')
    case 'reset timeout':
      return void (await jest.advanceTimersByTimeAsync(options.resetTimeoutMs))
    case 'interval':
      return void (await jest.advanceTimersByTimeAsync(options.intervalMs))
  }
}
