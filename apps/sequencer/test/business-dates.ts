// Business dates that a sequence takes by default: those of the last 366 days.

const dateOf = (date: Date) => date.toISOString().slice(0, 10)
export const daysAgo = (days: number) => dateOf(new Date(Date.now() - days * 86_400_000))
/** The first day of that month. */
export function monthsAgo(months: number): string {
  const now = new Date()
  return dateOf(new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months, 1)))
}
