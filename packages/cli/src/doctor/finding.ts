/**
 * error: numbers, data or the service itself are at risk now; warning: they will be, or it cannot be told; note: nothing has to
 * be done.
 */
export type Severity = 'error' | 'warning' | 'note'

export interface Finding {
  severity: Severity
  /** For programs: stays the same from release to release. */
  check: string
  service: string
  /** What was measured. */
  found: string
  /** What to do about it. */
  action: string
}

export const finding =
  (severity: Severity) =>
  (service: string, check: string, found: string, action: string): Finding => ({
    severity,
    check,
    service,
    found,
    action,
  })
export const error = finding('error')
export const warning = finding('warning')
export const note = finding('note')

const clockWarningMs = 2_000
const clockErrorMs = 60_000

/** @param aheadMs of the first clock; behind if it is below 0 */
export function clock(
  service: string,
  check: string,
  aheadMs: number,
  first: string,
  second: string,
  action: string,
): Finding[] {
  const apartMs = Math.abs(aheadMs)
  if (apartMs < clockWarningMs) return []
  const found = `${first} is ${seconds(apartMs)} ${aheadMs > 0 ? 'ahead of' : 'behind'} ${second}`
  return [finding(apartMs < clockErrorMs ? 'warning' : 'error')(service, check, found, action)]
}

/** `1 event`, `2 events`. */
export const counted = (count: number, one: string, many: string): string =>
  `${count} ${count === 1 ? one : many}`

const dayMs = 24 * 60 * 60 * 1000

/** `2.5 s`, `3 min`, `4 h`, `5 days`. */
export function seconds(ms: number): string {
  if (ms < 120_000) return `${Math.round(ms / 100) / 10} s`
  if (ms < 2 * 60 * 60_000) return `${Math.round(ms / 60_000)} min`
  if (ms < 2 * dayMs) return `${Math.round(ms / 3_600_000)} h`
  return `${Math.round(ms / dayMs)} days`
}
