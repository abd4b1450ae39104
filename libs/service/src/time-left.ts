import { AppError } from '@ordinal/errors'

type Headers = Readonly<Record<string, string | string[] | undefined>>

/** By it a caller says how many milliseconds it waits for the answer. Not a time of day: clocks differ. */
export const timeoutHeader = 'X-Request-Timeout-Ms'

/**
 * How many milliseconds the caller of a request still waits, 0 or less if not at all; undefined if it does not say.
 *
 * @param startedAt of the request, on the clock of `performance.now()`
 * @throws AppError `validation_failed` unless the header is a whole number from 1 to 3,600,000
 */
export function timeLeftOf(headers: Headers, { startedAt }: { startedAt: number }): number | undefined {
  const sent = headers[timeoutHeader.toLowerCase()]
  if (sent === undefined) return undefined
  const timeoutMs = /^\d{1,7}$/.test(String(sent)) ? Number(sent) : 0
  if (timeoutMs < 1 || timeoutMs > 3_600_000) {
    const message = 'must be a whole number of milliseconds from 1 to 3600000'
    const path = `headers.${timeoutHeader}`
    throw new AppError('validation_failed', `${path}: ${message}`, { errors: [{ path, message }] })
  }
  return startedAt + timeoutMs - performance.now()
}
