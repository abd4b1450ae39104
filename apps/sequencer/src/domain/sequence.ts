import type { Frame } from '@ordinal/audit'
import { dateText, dayOf, parseDate, type PlainDate } from './calendar'
import { requireUnambiguous } from './determined'
import { periodOf } from './period'
import { parseNumber } from './parse-number'
import type { Rules } from './rules'
import { frameOf, parseTemplate, requireShown, showsDate } from './template'

/** Where the numbers of a business date belong, and what they look like. */
export interface Slot {
  /** The date, or of a number that was read a date on which it has this form, as in `2026-11-21`. */
  date: string
  period: string
  frame: Frame
  /** The stretch of time for which this holds, in ms since 1970; null if it holds at any time. */
  window: { fromMs: number; untilMs: number } | null
}

/** A sequence: its rules, and what follows from them. */
export interface Sequence {
  rules: Rules
  /**
   * The slot of a business date.
   *
   * @param date as in `2026-11-21`
   * @throws RangeError if there is no such day, or the template cannot show its year
   */
  slotOfDate(date: string): Slot
  /**
   * The slot of a moment, in ms since 1970.
   *
   * @throws RangeError if the template cannot show its year
   */
  slotAt(atMs: number): Slot
  /** Reads a number as these rules write it: its value, and where it belongs; undefined if they never write it so. */
  read(number: string): { value: number; slot: Slot } | undefined
}

/**
 * A sequence from its rules.
 *
 * @throws TemplateError if the template is not sound
 */
export function createSequence(rules: Rules): Sequence {
  const template = parseTemplate(rules.template, rules.prefix)
  requireUnambiguous(template, rules.reset, rules.fiscalYearStart)
  const dated = rules.reset !== 'never' || showsDate(template)

  function slot(date: PlainDate, window: Slot['window']): Slot {
    requireShown(template, date, rules.fiscalYearStart)
    return {
      date: dateText(date),
      period: periodOf(rules.reset, date, rules.fiscalYearStart),
      frame: frameOf(template, date, rules.fiscalYearStart),
      window,
    }
  }

  // A day's slot serves all of its requests.
  let today: Slot | undefined
  return {
    rules,
    slotOfDate: (date) => slot(parseDate(date), null),
    slotAt(atMs) {
      if (today && (!today.window || (atMs >= today.window.fromMs && atMs < today.window.untilMs)))
        return today
      const { date, ...window } = dayOf(atMs, rules.timeZone)
      today = slot(date, dated ? window : null)
      return today
    },
    read(number) {
      const found = parseNumber(template, rules.fiscalYearStart, number)
      return found && { value: found.value, slot: slot(found.date, null) }
    },
  }
}
