import { weekOf, type PlainDate } from './calendar'
import { fiscalYearOf } from './fiscal-year'

/** When the values of a sequence begin again at its start value. */
export const resets = ['never', 'yearly', 'fiscal_yearly', 'quarterly', 'monthly', 'weekly', 'daily'] as const
export type Reset = (typeof resets)[number]

/**
 * The period to which a business date belongs: `2026`, `FY2026`, `2026-Q4`, `2026-11`, `2026-W47`, `2026-11-21`, or the
 * empty one.
 */
export function periodOf(reset: Reset, date: PlainDate, fiscalYearStart: number): string {
  const year = String(date.year).padStart(4, '0')
  const month = String(date.month).padStart(2, '0')
  switch (reset) {
    case 'never':
      return ''
    case 'yearly':
      return year
    case 'fiscal_yearly':
      return `FY${String(fiscalYearOf(date, fiscalYearStart)).padStart(4, '0')}`
    case 'quarterly':
      return `${year}-Q${Math.ceil(date.month / 3)}`
    case 'monthly':
      return `${year}-${month}`
    case 'weekly': {
      const { year: weekYear, week } = weekOf(date)
      return `${String(weekYear).padStart(4, '0')}-W${String(week).padStart(2, '0')}`
    }
    case 'daily':
      return `${year}-${month}-${String(date.day).padStart(2, '0')}`
  }
}
