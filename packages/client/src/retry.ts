import type { Problem } from './problem'

const firstPauseMs = 100
const longestPauseMs = 5_000
/** A longer Retry-After is not waited for, unless told. */
export const longestRetryAfterMs = 30_000
const repeatable = new Set([408, 429, 500, 502, 503, 504])
/** 409 where it is only a matter of time. */
const passing = ['idempotency_key_in_use', 'exports_under_way']

/** Whether a request may be carried out if it is sent once more, with the same key. */
export const mayRepeat = ({ status, code }: Pick<Problem, 'status' | 'code'>): boolean =>
  repeatable.has(status) || passing.includes(code)

/**
 * How long to wait before an attempt: anything up to a bound that doubles, so that callers which failed together do not
 * come back together (AWS, "Exponential Backoff and Jitter"); and no less than the service asks for.
 *
 * @param failed how many attempts have failed, from 1
 * @param random from 0 to 1
 */
export function pauseMs(failed: number, retryAfterMs = 0, random = Math.random()): number {
  const bound = Math.min(longestPauseMs, firstPauseMs * 2 ** (failed - 1))
  return retryAfterMs + bound * random
}

/** Retry-After in milliseconds: seconds, or a date (RFC 9110). Undefined if there is none, or it is neither. */
export function retryAfterMs(header: string | null, now = Date.now()): number | undefined {
  const text = header?.trim() ?? ''
  if (/^\d+$/.test(text)) return Number(text) * 1000
  const at = /^[A-Z][a-z]{2}/.test(text) ? Date.parse(text) : NaN
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}
