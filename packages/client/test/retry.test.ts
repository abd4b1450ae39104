import fc from 'fast-check'
import { mayRepeat, pauseMs, retryAfterMs } from '../src/retry'

test('a pause is no shorter than the service asks for, and its random part is bounded', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1000 }),
      fc.integer({ min: 0, max: 60_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (failed, asked, random) => {
        const pause = pauseMs(failed, asked, random)
        expect(pause).toBeGreaterThanOrEqual(asked)
        expect(pause).toBeLessThanOrEqual(asked + Math.min(5_000, 100 * 2 ** (failed - 1)))
      },
    ),
  )
})

test.each([
  [null, undefined],
  ['', undefined],
  ['2', 2_000],
  [' 3 ', 3_000],
  ['Sun, 29 Nov 2026 12:00:05 GMT', 5_000],
  ['Sun, 29 Nov 2026 11:59:00 GMT', 0],
  ['soon', undefined],
  ['-1', undefined],
])('Retry-After: %s is %s ms', (header, expected) => {
  const now = Date.parse('2026-11-29T12:00:00Z')
  expect(retryAfterMs(header, now)).toBe(expected)
})

test.each([
  [503, 'user_service_unavailable', true],
  [503, 'outcome_unknown', true],
  [500, 'internal_error', true],
  [502, 'no_problem_json', true],
  [504, 'deadline_exceeded', true],
  [429, 'rate_limited', true],
  [408, 'request_timeout', true],
  [409, 'idempotency_key_in_use', true],
  [409, 'order_numbers_exhausted', false],
  [501, 'not_implemented', false],
  [422, 'user_unknown', false],
  [404, 'not_found', false],
  [401, 'unauthorized', false],
])('%i %s: may be repeated %s', (status, code, expected) => {
  expect(mayRepeat({ status, code })).toBe(expected)
})
