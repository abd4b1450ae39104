const LONGEST_SECONDS = 3600

/** The seconds that a Retry-After header asks for, as a number or as a date; an hour at most. */
export function retryAfterSeconds(header: string | string[] | undefined): number | undefined {
  const text = String(header ?? '').trim()
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000
  return Number.isNaN(seconds) ? undefined : Math.min(seconds, LONGEST_SECONDS)
}
