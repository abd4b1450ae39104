import { join } from 'node:path'

beforeEach(() => jest.spyOn(process.stderr, 'write').mockReturnValue(true))
afterEach(() => {
  jest.useRealTimers()
  jest.restoreAllMocks()
})

test.each(['2026-12-31T23:55:00Z', '2027-02-28T23:59:59.999Z'])(
  'a file of tests that would begin at %s begins on the next day',
  async (now) => {
    jest.useFakeTimers({ now: Date.parse(now) })
    const begins = keepClearOfMidnight().then(() => new Date().toISOString())
    await jest.runAllTimersAsync()
    expect(await begins).toMatch(/-01T00:00:00\.001Z$/)
  },
)

test.each(['2026-12-31T23:54:59Z', '2027-01-01T00:00:00Z'])(
  'a file of tests that would begin at %s begins at once',
  async (now) => {
    jest.useFakeTimers({ now: Date.parse(now) })
    await keepClearOfMidnight()
    expect(Date.now()).toBe(Date.parse(now))
  },
)

const keepClearOfMidnight = jest.requireActual<() => Promise<void>>(
  join(__dirname, '../../build/src/clear-of-midnight.js'),
)
