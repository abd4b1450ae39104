/** When the values of a sequence begin again at its start value. */
export const resets = ['never', 'yearly', 'fiscal_yearly', 'quarterly', 'monthly', 'daily'] as const
export type Reset = (typeof resets)[number]

/** The rules of a sequence, at one version. */
export interface Rules {
  prefix: string
  version: number
  template: string
  reset: Reset
  /** An IANA time zone: in it, a moment has its business date. */
  timeZone: string
  /** The month, 1 to 12, in which the fiscal year begins. */
  fiscalYearStart: number
  /** The first value of a period. */
  start: number
}
