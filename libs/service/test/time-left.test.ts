import { timeLeftOf } from '../src'

const startedMsAgo = (ms: number) => ({ startedAt: performance.now() - ms })

test('the time that is left is what the caller says, less what has gone by', () => {
  const left = timeLeftOf({ 'x-request-timeout-ms': '5000' }, startedMsAgo(1000))
  expect(left).toBeLessThanOrEqual(4000)
  expect(left).toBeGreaterThan(3000)
  expect(timeLeftOf({ 'x-request-timeout-ms': '500' }, startedMsAgo(1000))).toBeLessThan(0)
})

test('who says nothing may wait for ever', () => {
  expect(timeLeftOf({}, startedMsAgo(0))).toBeUndefined()
})

test.each(['', '0', '-1', '1.5', '1e3', 'soon', '3600001', '99999999', '5000, 5000'])(
  'a time of "%s" is refused',
  (sent) => {
    expect(() => timeLeftOf({ 'x-request-timeout-ms': sent }, startedMsAgo(0))).toThrow(
      expect.objectContaining({
        code: 'validation_failed',
        errors: [
          {
            path: 'headers.X-Request-Timeout-Ms',
            message: 'must be a whole number of milliseconds from 1 to 3600000',
          },
        ],
      }),
    )
  },
)
