import { AppError } from '../domain/errors'
import type { Waiting } from './waiting'
import { sameRequest, type Issued, type LedgerRequest, type ReplayedNumber } from './request'

/**
 * What a request got when its key was used before.
 *
 * @throws AppError `idempotency_key_reused` if that was another request
 */
export function replayOf(
  request: Omit<LedgerRequest, 'key'>,
  key: string,
  found: readonly ReplayedNumber[],
): Pick<Issued, 'period' | 'numbers'> {
  const first = found[0]!
  if (!sameRequest(request, { ...first, count: found.length })) throw keyReused(key)
  return {
    period: first.period,
    numbers: found.map(({ value, number, state }) => ({ value, number, state })),
  }
}

/** Answers a request with what its key got before, if it was the same request. */
export function answerReplay(
  { request, keyIsCallers, resolve, reject }: Waiting,
  found: readonly ReplayedNumber[],
): void {
  try {
    // A generated key can only be found because of an earlier attempt at this very request.
    resolve({ ...replayOf(request, request.key, found), replayed: keyIsCallers })
  } catch (error) {
    reject(error)
  }
}

export const keyReused = (key: string) =>
  new AppError('idempotency_key_reused', `The key "${key}" belongs to another request`)
