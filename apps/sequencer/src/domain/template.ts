import type { Frame } from '@ordinal/audit'
import { weekOf, type PlainDate } from './calendar'
import { firstYearOf, fiscalYearOf } from './fiscal-year'

/** A date token of a template. All are of a fixed width, so that a number can be read in one way only. */
export type DateToken =
  'YYYY' | 'YY' | 'MM' | 'DD' | 'Q' | 'FY' | 'FY2' | 'FYF' | 'FYF2' | 'GGGG' | 'GG' | 'WW'

type Part = { text: string } | { token: DateToken }

/** A parsed template: what comes before the value, how wide the value is at least, and what comes after it. */
export interface Template {
  head: readonly Part[]
  width: number
  tail: readonly Part[]
}

/** What is wrong with a template, for the person who wrote it. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError'
}

/** How many digits each date token has. */
export const tokenWidths: Record<DateToken, number> = {
  YYYY: 4,
  YY: 2,
  MM: 2,
  DD: 2,
  Q: 1,
  FY: 4,
  FY2: 2,
  FYF: 4,
  FYF2: 2,
  GGGG: 4,
  GG: 2,
  WW: 2,
}
const dateTokens = Object.keys(tokenWidths)
const maxWidth = 16 // as many digits as the largest value has

/**
 * Parses a template such as `{prefix}{YYYY}-{seq:4}`; `{{` and `}}` stand for braces.
 *
 * @param prefix what `{prefix}` stands for
 * @throws TemplateError if a token is unknown, a brace is alone, or there is not exactly one `{seq}`
 */
export function parseTemplate(template: string, prefix: string): Template {
  const head: Part[] = []
  const tail: Part[] = []
  let width: number | undefined
  for (const [piece] of template.matchAll(/\{\{|\}\}|\{[^{}]*\}|[^{}]+|[{}]/g)) {
    const part = parsePiece(piece, prefix)
    if (!('width' in part)) (width === undefined ? head : tail).push(part)
    else if (width === undefined) width = part.width
    else throw new TemplateError('there is more than one {seq}: a number has one value')
  }
  if (width === undefined)
    throw new TemplateError('{seq} is missing: write it where the value goes, as in {seq:6}')
  return { head, width, tail }
}

function parsePiece(piece: string, prefix: string): Part | { width: number } {
  if (piece === '{{') return { text: '{' }
  if (piece === '}}') return { text: '}' }
  if (piece === '{' || piece === '}')
    throw new TemplateError(`a single ${piece} is no token: write ${piece}${piece} for the character`)
  if (!piece.startsWith('{')) return { text: piece }

  const token = piece.slice(1, -1)
  if (token === 'prefix') return { text: prefix }
  if (dateTokens.includes(token)) return { token: token as DateToken }
  const [, digits] = /^seq(?::(\d+))?$/.exec(token) ?? []
  if (token === 'seq') return { width: 1 }
  if (digits === undefined)
    throw new TemplateError(
      `${piece} is no token; there are {prefix}, ${dateTokens.map((known) => `{${known}}`).join(', ')} and {seq}`,
    )
  const width = Number(digits)
  if (width < 1 || width > maxWidth)
    throw new TemplateError(`${piece}: the width is a number from 1 to ${maxWidth}`)
  return { width }
}

/** How many characters a part of a number has that is not its value. */
export const partsWidth = (parts: Template['head']) =>
  parts.reduce((sum, part) => sum + ('text' in part ? part.text.length : tokenWidths[part.token]), 0)

/** Whether the numbers of a template show a date. */
export const showsDate = ({ head, tail }: Template) => [...head, ...tail].some((part) => 'token' in part)

/**
 * Refuses a date that a template cannot show: with two digits 1999 and 2099 would be the same, and all years have four.
 *
 * @throws RangeError
 */
export function requireShown({ head, tail }: Template, date: PlainDate, fiscalYearStart: number): void {
  const fiscalYear = fiscalYearOf(date, fiscalYearStart)
  const years: Partial<Record<DateToken, () => number>> = {
    YY: () => date.year,
    FY2: () => fiscalYear,
    FYF2: () => firstYearOf(date, fiscalYearStart),
    GG: () => weekOf(date).year,
  }
  for (const part of [...head, ...tail]) {
    const year = 'token' in part ? years[part.token]?.() : undefined
    if (!('token' in part) || year === undefined) continue
    if (year < 2000 || year > 2099)
      throw new RangeError(`{${part.token}} shows the years 2000 to 2099, and ${year} is none of them`)
  }
  // With a fifth digit, or none, a year would no longer have its fixed width.
  if (date.year < 1 || fiscalYear > 9999) throw new RangeError('the years are 1 to 9999')
}

/**
 * Whether a number of one template could be the very text of a number of another: decided by walking both at once.
 * As of dates and values only the digits are looked at, a yes may be wrong, and a no never is.
 */
export function couldMeet(a: Template, b: Template): boolean {
  const [one, other] = [characters(a), characters(b)]
  const seen = new Set<number>()
  const open: [number, number][] = [[0, 0]]
  for (let state = open.pop(); state; state = open.pop()) {
    const [i, j] = state
    const id = i * (other.length + 1) + j
    if (seen.has(id)) continue
    seen.add(id)
    const [x, y] = [one[i], other[j]]
    if (!x && !y) return true
    if (x === 'digits') open.push([i + 1, j])
    if (y === 'digits') open.push([i, j + 1])
    if (x && y && fit(x, y)) open.push([x === 'digits' ? i : i + 1, y === 'digits' ? j : j + 1])
  }
  return false
}

/** What stands in the place of each character of a number: a character, any `digit`, or any more `digits`. */
function characters({ head, width, tail }: Template): string[] {
  const of = (parts: readonly Part[]) =>
    parts.flatMap((part) =>
      'text' in part ? Array.from(part.text) : Array<string>(tokenWidths[part.token]).fill('digit'),
    )
  return [...of(head), ...Array<string>(width).fill('digit'), 'digits', ...of(tail)]
}

function fit(x: string, y: string): boolean {
  const isDigits = (it: string) => it === 'digit' || it === 'digits'
  if (isDigits(x)) return isDigits(y) || /^[0-9]$/.test(y)
  return isDigits(y) ? /^[0-9]$/.test(x) : x === y
}

/** The constants of the numbers of a business date. */
export function frameOf(template: Template, date: PlainDate, fiscalYearStart: number): Frame {
  const write = (parts: readonly Part[]) =>
    parts.map((part) => ('text' in part ? part.text : writeToken(part.token, date, fiscalYearStart))).join('')
  return { head: write(template.head), width: template.width, tail: write(template.tail) }
}

function writeToken(token: DateToken, date: PlainDate, fiscalYearStart: number): string {
  const { year, month, day } = date
  const digits = (value: number, width: number) => String(value).padStart(width, '0')
  switch (token) {
    case 'YYYY':
      return digits(year, 4)
    case 'YY':
      return digits(year % 100, 2)
    case 'MM':
      return digits(month, 2)
    case 'DD':
      return digits(day, 2)
    case 'Q':
      return String(Math.ceil(month / 3))
    case 'FY':
      return digits(fiscalYearOf(date, fiscalYearStart), 4)
    case 'FY2':
      return digits(fiscalYearOf(date, fiscalYearStart) % 100, 2)
    case 'FYF':
      return digits(firstYearOf(date, fiscalYearStart), 4)
    case 'FYF2':
      return digits(firstYearOf(date, fiscalYearStart) % 100, 2)
    case 'GGGG':
      return digits(weekOf(date).year, 4)
    case 'GG':
      return digits(weekOf(date).year % 100, 2)
    case 'WW':
      return digits(weekOf(date).week, 2)
  }
}
