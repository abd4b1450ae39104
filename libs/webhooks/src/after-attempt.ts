/** What came of an attempt to deliver. */
export interface AttemptResult {
  /** Of the answer; undefined if there was none. */
  status?: number | undefined
  /** Retry-After of the answer. */
  retryAfterMs?: number | undefined
  /** The beginning of the answer. */
  answer?: string | undefined
  /** Why there was no answer, or why it did not end. */
  error?: string | undefined
  durationMs: number
}

/** When a delivery that failed is tried again, and when no more. */
export interface RetrySchedule {
  /** The pause after each attempt; after the last one the delivery has failed. */
  pausesMs: readonly number[]
  /** A webhook without a success for so long is switched off. */
  offAfterMs: number
}

/** What is known of a delivery when an attempt has ended. */
export interface Attempted {
  /** Which attempt it was, from 1 on. */
  attempt: number
  /** Of the first attempt that failed; undefined if none has before this. */
  firstFailedAt: Date | undefined
  /** Since when the webhook has had no success; undefined if its last delivery succeeded. */
  failingSince: Date | undefined
}

/** What becomes of a delivery after an attempt. */
export type NextStep =
  | { is: 'delivered' }
  | { is: 'retry'; pauseMs: number }
  /** It is left, and what follows of its subject goes on: this one event is what the receiver cannot take. */
  | { is: 'failed' }
  /** The webhook is switched off, and the delivery waits until it is on again. */
  | { is: 'off'; reason: 'gone' | 'failing'; pauseMs: number }

/** The share by which a pause is longer at most, so that what failed together is not tried together. */
const jitter = 0.2

/**
 * Decides the next step. While the receiver takes nothing at all, no delivery fails for good, however many attempts it had: it waits until
 * the receiver returns or the webhook is switched off.
 *
 * @param random from 0 to 1
 */
export function afterAttempt(
  { status, retryAfterMs = 0, error }: Pick<AttemptResult, 'status' | 'retryAfterMs' | 'error'>,
  { attempt, firstFailedAt, failingSince }: Attempted,
  { pausesMs, offAfterMs }: RetrySchedule,
  now: Date,
  random: number,
): NextStep {
  if (error === undefined && status !== undefined && status >= 200 && status < 300) return { is: 'delivered' }
  const longestMs = Math.max(...pausesMs)
  const plannedMs = pausesMs[attempt - 1] ?? longestMs
  const askedMs = Math.min(retryAfterMs, longestMs)
  const pauseMs = Math.max(plannedMs, askedMs) * (1 + random * jitter)
  if (status === 410) return { is: 'off', reason: 'gone', pauseMs }
  if (failingSince && now.getTime() - failingSince.getTime() >= offAfterMs)
    return { is: 'off', reason: 'failing', pauseMs }
  const othersSucceed = !failingSince || (firstFailedAt !== undefined && failingSince > firstFailedAt)
  if (attempt > pausesMs.length && othersSucceed) return { is: 'failed' }
  return { is: 'retry', pauseMs }
}

/** The pause that a Retry-After asks for, in ms: seconds of any number of digits, or a date; undefined if it is neither. */
export function retryAfterMsOf(header: string | undefined, now: Date): number | undefined {
  if (header === undefined) return undefined
  if (/^\d+$/.test(header)) return Number(header) * 1000
  const at = /^[A-Z][a-z]{2}, /.test(header) ? Date.parse(header) : NaN
  return Number.isNaN(at) ? undefined : Math.max(0, at - now.getTime())
}
