import type { GapPolicy } from '@ordinal/audit'

/** The rules that say how far the values of a sequence go. */
interface Range {
  start: number
  end: number | null
  warnAt: number | string | null
}

/** Where a counter is, as far as it decides how many values are left. */
export interface Counted {
  /** The last value that was given. */
  lastValue: number
  /** How many released values are free, and how many of them are above the end and so are not issued again. */
  free: number
  freeAboveEnd: number
}

/**
 * How many values can still be issued in a period.
 *
 * @param counted undefined if the period has not begun
 * @returns undefined if the sequence has no end
 */
export function valuesLeft(
  { start, end, gapPolicy }: Pick<Range, 'start' | 'end'> & { gapPolicy: GapPolicy },
  counted: Counted | undefined,
): number | undefined {
  if (end === null) return undefined
  const fresh = Math.max(0, end - (counted?.lastValue ?? start - 1))
  return fresh + releasedLeft({ gapPolicy }, counted)
}

/** How many released values can be issued again in a period, one at a time. */
export const releasedLeft = ({ gapPolicy }: { gapPolicy: GapPolicy }, counted: Counted | undefined) =>
  gapPolicy === 'recycle' && counted ? counted.free - counted.freeAboveEnd : 0

/** With how many values left the service warns; undefined if it does not. A percentage is of all values of a period. */
export function valuesAtWarning({ start, end, warnAt }: Range): number | undefined {
  if (end === null || warnAt === null) return undefined
  if (typeof warnAt === 'number') return warnAt
  return Math.floor(((end - start + 1) / 100) * Number.parseInt(warnAt, 10))
}

/** The period in a sentence; nothing where values never begin again. */
export const inPeriod = (period: string) => (period === '' ? '' : ` in the period ${period}`)
