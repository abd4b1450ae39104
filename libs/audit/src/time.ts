import { Buffer } from 'node:buffer'
/** A time such as `2026-11-21T03:43:00.123456Z`, in microseconds since 1970; NaN if it is none. */
export const microsecondsOf = (at: string): number => {
  const [seconds, fraction = ''] = at.replace(/Z|\+00:00$/, '').split('.') as [string, string?]
  return Date.parse(`${seconds}Z`) * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6))
}

/** The eight bytes of a time in a hash; none if it is no time, so that the hash is another. */
export function bytesOfTime(at: string): Buffer {
  const microseconds = microsecondsOf(at)
  if (!Number.isSafeInteger(microseconds)) return Buffer.alloc(0)
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(microseconds))
  return bytes
}

/** A time as records have it, in UTC with microseconds, so that texts sort as their times do; empty for NaN, which sorts first. */
const timeText = (microseconds: number): string => {
  if (Number.isNaN(microseconds)) return ''
  const fraction = String(microseconds % 1_000_000).padStart(6, '0')
  return new Date(Math.floor(microseconds / 1000)).toISOString().replace(/\.\d{3}Z$/, `.${fraction}Z`)
}

// No statement of the service runs for longer: so late a transaction may commit after it has read the clock.
const longestCommitUs = 60_000_000

/** The time before which every batch is committed at the time given. */
export const settledBefore = (at: string): string => timeText(microsecondsOf(at) - longestCommitUs)

/** The latest time that anything read at the time given can be dated. */
export const notAfter = (at: string): string => timeText(microsecondsOf(at) + longestCommitUs)
