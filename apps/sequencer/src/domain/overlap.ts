import { parseDate, weekOf } from './calendar'
import { canHaveDate, type DatePattern, type ShownYear } from './overlap-dates'
import { lowestValue } from './overlap-values'
import { couldMeet, parseTemplate, partsWidth, tokenWidths, type DateToken, type Template } from './template'

/** What decides which texts the numbers of a sequence can be. */
export interface Texts {
  prefix: string
  template: string
  fiscalYearStart: number
  /** The lowest value that it can give, or has given. */
  start: number
}

const maxDigits = 16
// Real templates need far fewer.
const maxSteps = 20_000

/**
 * Whether two sequences could give the same number, on any date, with any value.
 *
 * @param today the date of the example where possible, as in `20261121`
 * @returns null if they cannot; else a number that both could give, `undefined` if none was found in `maxSteps`
 */
export function overlapOf(a: Texts, b: Texts, today: string): { example: string | undefined } | null {
  const [one, other] = [parseTemplate(a.template, a.prefix), parseTemplate(b.template, b.prefix)]
  if (!couldMeet(one, other)) return null
  const [shortest, longest] = [
    Math.max(shortestOf(one), shortestOf(other)),
    Math.min(longestOf(one), longestOf(other)),
  ]
  const steps = { left: maxSteps }
  for (let length = shortest; length <= longest; length += 1) {
    const example = commonText(
      [layOut(one, a, length, today), layOut(other, b, length, today)],
      length,
      steps,
    )
    if (example !== undefined) return { example }
  }
  return steps.left <= 0 ? { example: undefined } : null
}

const shortestOf = ({ head, width, tail }: Template) => partsWidth(head) + width + partsWidth(tail)
const longestOf = ({ head, tail }: Template) => partsWidth(head) + maxDigits + partsWidth(tail)

/** A template laid out over a text of some length. */
interface Layout {
  /** What stands at each place: a character, or a digit of the date or the value. */
  places: readonly (
    { text: string } | { token: DateToken; digit: number; preferred: string } | { digit: number }
  )[]
  fiscalYearStart: number
  start: number
  padded: boolean
  digits: number
}

function layOut(
  { head, width, tail }: Template,
  { fiscalYearStart, start }: Texts,
  length: number,
  today: string,
): Layout {
  const digits = length - partsWidth(head) - partsWidth(tail)
  const { year: weekYear, week } = weekOf(parseDate(today))
  const shown: Record<DateToken, string> = {
    YYYY: today.slice(0, 4),
    YY: today.slice(2, 4),
    MM: today.slice(4, 6),
    DD: today.slice(6, 8),
    Q: String(Math.ceil(Number(today.slice(4, 6)) / 3)),
    FY: today.slice(0, 4),
    FY2: today.slice(2, 4),
    FYF: today.slice(0, 4),
    FYF2: today.slice(2, 4),
    GGGG: String(weekYear),
    GG: String(weekYear).slice(2),
    WW: String(week).padStart(2, '0'),
  }
  const placesOf = (parts: Template['head']): Layout['places'] =>
    parts.flatMap((part): Layout['places'] =>
      'text' in part
        ? part.text.split('').map((text) => ({ text }))
        : Array.from({ length: tokenWidths[part.token] }, (_, digit) => ({
            token: part.token,
            digit,
            preferred: shown[part.token][digit]!,
          })),
    )
  const value = Array.from({ length: digits }, (_, digit) => ({ digit }))
  return {
    places: [...placesOf(head), ...value, ...placesOf(tail)],
    fiscalYearStart,
    start,
    padded: digits === width,
    digits,
  }
}

/** A text that fits all layouts, found place by place; undefined if there is none, or no steps are left. */
function commonText(layouts: readonly Layout[], length: number, steps: { left: number }): string | undefined {
  const known = Array<string | undefined>(length).fill(undefined)
  for (const { places } of layouts)
    for (const [at, place] of places.entries()) {
      if (!('text' in place)) continue
      if (known[at] !== undefined && known[at] !== place.text) return undefined
      known[at] = place.text
    }
  const open = known.flatMap((char, at) => (char === undefined ? [at] : []))
  const fits = () => (steps.left -= 1) > 0 && layouts.every((layout) => couldBe(layout, known))

  const fill = (nth: number): boolean => {
    const at = open[nth]
    if (at === undefined) return true
    for (const digit of digitsFor(layouts, at)) {
      known[at] = digit
      if (fits() && fill(nth + 1)) return true
    }
    known[at] = undefined
    return false
  }
  return fits() && fill(0) ? known.join('') : undefined
}

/** The digits to try at a place, those of the current date first. */
function digitsFor(layouts: readonly Layout[], at: number): string[] {
  const preferred = layouts.flatMap(({ places }) => {
    const place = places[at]!
    return 'preferred' in place ? [place.preferred] : []
  })
  return [...new Set([...preferred, ...'0123456789'])]
}

/** The years that are shown with their last two digits. */
const shortened: Partial<Record<DateToken, ShownYear>> = { YY: 'YYYY', FY2: 'FY', FYF2: 'FYF', GG: 'GGGG' }

/** Whether some number of this layout has the characters that are known. */
function couldBe(
  { places, fiscalYearStart, start, padded, digits }: Layout,
  known: readonly (string | undefined)[],
): boolean {
  const value = Array<string | undefined>(digits).fill(undefined)
  const date: DatePattern = {
    YYYY: [],
    MM: [],
    DD: [],
    Q: [],
    FY: [],
    FYF: [],
    GGGG: [],
    WW: [],
    short: new Set(),
  }
  for (const [at, place] of places.entries()) {
    const char = known[at]
    if ('text' in place) continue
    const short = 'token' in place ? shortened[place.token] : undefined
    if (short) date.short.add(short)
    if (char === undefined) continue
    if (!/^[0-9]$/.test(char)) return false
    if (!('token' in place)) value[place.digit] = char
    else {
      const token = short ?? (place.token as keyof Omit<DatePattern, 'short'>)
      const digit = short ? place.digit + 2 : place.digit
      if ((date[token][digit] ?? char) !== char) return false
      date[token][digit] = char
    }
  }
  return lowestValue(value, padded, start) !== undefined && canHaveDate(date, fiscalYearStart)
}
