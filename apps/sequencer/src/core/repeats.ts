import type { Reset } from './rules'
import { couldMeet, haveSameShape, parseTemplate, patternOf } from './template'

interface Numbering {
  template: string
  reset: Reset
}

/**
 * Whether new rules could give a number that earlier rules gave, to another period or value. Rules of one shape and
 * reset go on in the same counters, so a number always has the same period and value under them, whatever the width,
 * the time zone and the start; rules whose numbers can never be the same text are apart for ever. For all others
 * what was issued decides.
 *
 * @returns null if they cannot; else a pattern: if no number that was issued fits it, they do not
 */
export function repeatsOf(prefix: string, next: Numbering, earlier: readonly Numbering[]): string | null {
  const template = parseTemplate(next.template, prefix)
  const doubtful = earlier.some((rules) => {
    const before = parseTemplate(rules.template, prefix)
    if (rules.reset === next.reset && haveSameShape(before, template)) return false
    return couldMeet(before, template)
  })
  return doubtful ? patternOf(template) : null
}
