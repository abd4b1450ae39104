/** One of the quotas. */
export interface Quota {
  /** Keeps its counters apart from those of others. */
  name: string
  /** What is counted, as the error names it. */
  what: 'numbers' | 'reservations'
  perMinute: number
}

/** The window of all quotas. */
export const windowSeconds = 60
