import type { GapPolicy } from '@ordinal/audit'
import { isTimeZone } from './calendar'
import { requireUnambiguous } from './determined'
import type { Reset } from './period'
import { bracesOf } from './printf'
import { valuesAtWarning } from './range'
import { parseTemplate, TemplateError } from './template'

/** The rules of a sequence, at one version. */
export interface Rules {
  prefix: string
  version: number
  template: string
  reset: Reset
  /** An IANA time zone: in it, a moment has its business date. */
  timeZone: string
  /** When the fiscal year begins: a month, 1 to 12, on its first day, or a day, as in 406 for 6 April. */
  fiscalYearStart: number
  /** The first value of a period. */
  start: number
  gapPolicy: GapPolicy
  /** How long an anonymous caller may release a number that an anonymous caller drew; 0: never. */
  releaseWindowSeconds: number
  /** The only caller that may issue, reserve and change its numbers; null: any. */
  sealedTo: string | null
  /** Whether its numbers may be the text of another sequence's numbers. */
  allowOverlap: boolean
  /** How many days a business date may lie before the current one, and after it; null: any. */
  businessDatePastDays: number | null
  businessDateFutureDays: number | null
  /** The last value that may be issued in a period; null: there is none. */
  end: number | null
  /** With how many values left the service warns, or `10%` of those from start to end; null: it does not. */
  warnAt: number | string | null
  /** Whether no number has an earlier business date than the one before it in its period. */
  chronological: boolean
}

/** The rules of a sequence, apart from which sequence and version it is. */
export type RuleSet = Omit<Rules, 'prefix' | 'version'>

/** What the newer rules are where a caller gives none. */
export const defaultRules = {
  releaseWindowSeconds: 3600,
  sealedTo: null,
  allowOverlap: false,
  businessDatePastDays: 366,
  businessDateFutureDays: 31,
  end: null,
  warnAt: null,
  chronological: false,
} as const satisfies Partial<RuleSet>

/** What is wrong with rules, and with which of them. */
export class RulesError extends Error {
  override readonly name = 'RulesError'

  constructor(
    readonly rule: keyof RuleSet,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/**
 * Rules as they are kept: a template in printf notation becomes one with braces.
 *
 * @throws RulesError if the template is invalid or could give a number twice, there is no such time zone, the range has no
 *   values or never as many as `warnAt`, or the order of dates could not be kept
 */
export function validateRules<R extends RuleSet>(prefix: string, rules: R): R {
  if (!isTimeZone(rules.timeZone))
    throw new RulesError(
      'timeZone',
      `${rules.timeZone} is no IANA time zone; write it as in Europe/Berlin or UTC`,
    )
  requireRange(rules)
  if (rules.chronological && rules.gapPolicy === 'recycle')
    throw new RulesError(
      'chronological',
      'needs the gap_policy strict: with recycle a released value would be issued again to a later document, before those of earlier dates',
    )
  try {
    requireOneSpelling(rules.template)
    const template = bracesOf(rules.template, rules.reset)
    requireUnambiguous(parseTemplate(template, prefix), rules.reset, rules.fiscalYearStart)
    return { ...rules, template }
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    throw new RulesError('template', error.message, { cause: error })
  }
}

/**
 * Refuses a text that has another of the same look: with it, two sequences could give numbers that nobody can tell apart.
 *
 * @throws TemplateError
 */
function requireOneSpelling(template: string): void {
  if (template !== template.normalize('NFC'))
    throw new TemplateError('it has a letter in several parts: write it as one character (Unicode NFC)')
  if (/[^\S ]/.test(template))
    throw new TemplateError('it has a space that is not the usual one: write U+0020')
}

function requireRange({ start, end, warnAt }: RuleSet): void {
  if (end === null) {
    if (warnAt === null) return
    throw new RulesError('warnAt', 'says when few values are left, and without end there is no last one')
  }
  if (end < start) throw new RulesError('end', `${end} is below the first value, ${start}`)
  const values = end - start + 1
  if ((valuesAtWarning({ start, end, warnAt }) ?? 0) > values)
    throw new RulesError(
      'warnAt',
      `from ${start} to ${end} there are ${values} values, and so never ${warnAt}`,
    )
}
