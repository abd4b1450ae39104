import type { PlainDate } from './calendar'

/** When the values of a sequence begin again at its start value. */
export const resets = ['never', 'yearly', 'fiscal_yearly', 'quarterly', 'monthly', 'daily'] as const
export type Reset = (typeof resets)[number]

/** The fiscal year of a date, named for the calendar year in which it ends, as is usual. */
export const fiscalYearOf = ({ year, month }: PlainDate, fiscalYearStart: number) =>
  fiscalYearStart > 1 && month >= fiscalYearStart ? year + 1 : year

/** The calendar year in which the fiscal year of a date begins. */
export const firstYearOf = (date: PlainDate, fiscalYearStart: number) =>
  fiscalYearOf(date, fiscalYearStart) - (fiscalYearStart > 1 ? 1 : 0)

/** The period to which a business date belongs: `2026`, `FY2026`, `2026-Q4`, `2026-11`, `2026-11-21`, or the empty one. */
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
    case 'daily':
      return `${year}-${month}-${String(date.day).padStart(2, '0')}`
  }
}
