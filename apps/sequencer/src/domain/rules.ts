import type { GapPolicy } from '@ordinal/audit'
import { isTimeZone } from './calendar'
import type { Reset } from './period'
import { bracesOf } from './printf'
import { parseTemplate, requireUnambiguous, TemplateError } from './template'

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
 * @throws RulesError if the template is invalid or could give a number twice, or there is no such time zone
 */
export function validateRules<R extends RuleSet>(prefix: string, rules: R): R {
  if (!isTimeZone(rules.timeZone))
    throw new RulesError(
      'timeZone',
      `${rules.timeZone} is no IANA time zone; write it as in Europe/Berlin or UTC`,
    )
  try {
    const template = bracesOf(rules.template, rules.reset)
    requireUnambiguous(parseTemplate(template, prefix), rules.reset, rules.fiscalYearStart)
    return { ...rules, template }
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    throw new RulesError('template', error.message, { cause: error })
  }
}
