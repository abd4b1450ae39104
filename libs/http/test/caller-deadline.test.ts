import { ServerResponse, type IncomingMessage } from 'node:http'
import { callerDeadline } from '../src/caller-deadline'

const res = new ServerResponse({ method: 'GET' } as IncomingMessage)
const received = (headers: Record<string, string>, startedMsAgo = 0) => ({
  headers,
  context: { startedAt: performance.now() - startedMsAgo },
})

test('what is left until the deadline is what the caller says, less what has gone by', () => {
  const remainingMs = callerDeadline(
    received({ 'x-request-timeout-ms': '60000' }, 1000),
    res,
    true,
  ).remainingMs()
  expect(remainingMs).toBeLessThanOrEqual(59_000)
  expect(remainingMs).toBeGreaterThan(30_000)
  const late = callerDeadline(received({ 'x-request-timeout-ms': '500' }, 1000), res, true)
  expect(late.remainingMs()).toBeLessThan(0)
})

test('a caller that says nothing has no deadline, nor does one whose route takes none', () => {
  expect(callerDeadline(received({}), res, true).remainingMs()).toBe(Infinity)
  expect(callerDeadline(received({ 'x-request-timeout-ms': 'soon' }), res, false).remainingMs()).toBe(
    Infinity,
  )
})

test.each(['', '0', '-1', '1.5', '1e3', 'soon', '3600001', '99999999', '5000, 5000'])(
  'a time of "%s" is refused',
  (sent) => {
    expect(() => callerDeadline(received({ 'x-request-timeout-ms': sent }), res, true)).toThrow(
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

test('the signal aborts when the connection closes before the answer, and not when the answer was sent', () => {
  for (const [sent, aborts] of [
    [false, true],
    [true, false],
  ]) {
    const res = new ServerResponse({ method: 'GET' } as IncomingMessage)
    Object.defineProperty(res, 'writableFinished', { value: sent })
    const signal = callerDeadline(received({ 'x-request-timeout-ms': '5000' }), res, true).signal()
    res.emit('close')
    expect(signal.aborted).toBe(aborts)
    expect(res.listenerCount('close')).toBe(0)
  }
})
