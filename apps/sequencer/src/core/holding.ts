import type { NumberEvent } from '@ordinal/audit'
import type { Rules } from './rules'

/** By what a caller may change numbers that it did not draw: an API key, or a token of the role operator or admin. */
export const authorities = ['none', 'machine', 'person'] as const
export type Authority = (typeof authorities)[number]

/**
 * Why a caller may not change a number: its sequence is sealed to another caller; another caller holds it; and of an
 * anonymous caller, that it was confirmed, or was drawn too long ago.
 */
export const refusals = ['sealed', 'held', 'confirmed', 'late'] as const
export type Refusal = (typeof refusals)[number]

/** A number that is reserved or issued, as it matters to who may change it. */
export interface Held {
  /** The caller that drew it. */
  holder: string
  drawnAtMs: number
  /** Whether it was confirmed since. */
  confirmed: boolean
}

/** The caller that says nothing of itself. */
const anonymous = 'anonymous'

/**
 * Why a caller may not take a number on to another state.
 *
 * @returns null if it may. The database decides in the same way (its function `refusal_to_change`), under the counter's
 *   lock.
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
