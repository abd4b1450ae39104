/** A time such as `2026-11-21T03:43:00.123456Z`, in microseconds since 1970; NaN if it is none. */
export const microsecondsOf = (at: string): number => {
  const [seconds, fraction = ''] = at.replace(/Z|\+00:00$/, '').split('.') as [string, string?]
  return Date.parse(`${seconds}Z`) * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6))
}

/** A time as records have it, in UTC with microseconds: such texts have the order of their times. That of no time comes first. */
const timeText = (microseconds: number): string => {
  if (Number.isNaN(microseconds)) return ''
  const fraction = String(microseconds % 1_000_000).padStart(6, '0')
  return new Date(Math.floor(microseconds / 1000)).toISOString().replace(/\.\d{3}Z$/, `.${fraction}Z`)
}

// No statement of the service runs for longer: so late a transaction may commit after it has read the clock.
const longestCommitUs = 60_000_000

/** Before this time, nothing is committed any more at the time given. */
export const settledBefore = (at: string): string => timeText(microsecondsOf(at) - longestCommitUs)

/** After this time, nothing can be dated that was read at the time given. */
export const notAfter = (at: string): string => timeText(microsecondsOf(at) + longestCommitUs)
