import type { NumberEvent } from '@ordinal/audit'
import type { Rules } from './rules'

/** What lets a caller change numbers that it did not draw: an API key, or a token of the role operator or admin. */
export const authorities = ['none', 'machine', 'person'] as const
export type Authority = (typeof authorities)[number]

/**
 * Why a caller may not change a number: its sequence is sealed to another caller; another caller holds it; or the caller
 * is anonymous, and the number is confirmed or was drawn before the release window.
 */
export const refusals = ['sealed', 'held', 'confirmed', 'late'] as const
export type Refusal = (typeof refusals)[number]

/** What decides who may change a number that is reserved or issued. */
interface Held {
  /** The caller that drew it. */
  holder: string
  drawnAtMs: number
  /** Whether it was confirmed since. */
  confirmed: boolean
}

/** The name of every caller without a key or a token. */
const anonymous = 'anonymous'

/**
 * Why a caller may not change the state of a number. The database decides in the same way, under the counter's lock
 * (its function `refusal_to_change`).
 *
 * @param nowMs ms since 1970
 * @returns null if it may
 */
export function refusalToChange(
  event: Extract<NumberEvent, 'confirm' | 'release' | 'expire' | 'void'>,
  { caller, authority }: { caller: string; authority: Authority },
  { holder, drawnAtMs, confirmed }: Held,
  { sealedTo, releaseWindowSeconds }: Pick<Rules, 'sealedTo' | 'releaseWindowSeconds'>,
  nowMs: number,
): Refusal | null {
  if (event === 'expire' || caller === sealedTo) return null
  if (sealedTo !== null) return authority === 'person' && event !== 'confirm' ? null : 'sealed'
  if (authority === 'person' || (authority === 'machine' && holder === anonymous)) return null
  if (caller !== holder) return 'held'
  if (caller !== anonymous || event === 'confirm') return null
  if (confirmed) return 'confirmed'
  if (event !== 'release') return 'held'
  return nowMs >= drawnAtMs + releaseWindowSeconds * 1000 ? 'late' : null
}
