import type { Reset } from './period'
import { TemplateError } from './template'

/** What the dates of each reset are, in the order in which printf is given them. */
const dates: Record<Reset, ('year' | 'fiscal year' | 'quarter' | 'month' | 'week year' | 'week' | 'day')[]> =
  {
    never: [],
    yearly: ['year'],
    fiscal_yearly: ['fiscal year'],
    quarterly: ['year', 'quarter'],
    monthly: ['year', 'month'],
    weekly: ['week year', 'week'],
    daily: ['year', 'month', 'day'],
  }

const tokens: Record<string, Record<string, string | undefined>> = {
  year: { '%d': '{YYYY}', '%04d': '{YYYY}', '%02d': '{YY}' },
  'fiscal year': { '%d': '{FY}', '%04d': '{FY}' },
  quarter: { '%d': '{Q}', '%01d': '{Q}' },
  month: { '%02d': '{MM}' },
  'week year': { '%d': '{GGGG}', '%04d': '{GGGG}', '%02d': '{GG}' },
  week: { '%02d': '{WW}' },
  day: { '%02d': '{DD}' },
}

/**
 * A template with braces. Given in printf notation, such as `%s%06d`, it is converted: `%s` is the prefix, the last
 * `%d` the value, and those before it are the parts of the date at which values begin again: `INV%d-%04d` with a
 * yearly reset is `INV{YYYY}-{seq:4}`.
 *
 * @throws TemplateError if it holds something of printf that has no meaning here
 */
export function bracesOf(template: string, reset: Reset): string {
  // A template with a value in braces may well hold a percent sign.
  if (!template.includes('%') || /\{seq[:}]/.test(template)) return template

  const pieces = template.match(/%%|%[-+ #0]*[\d.*$]*[A-Za-z]?|[^%]+/g) ?? []
  const integers = pieces.filter((piece) => /^%\d*d$/.test(piece)).length
  if (integers === 0) throw new TemplateError('%d is missing: write it where the value goes, as in %06d')
  if (integers - 1 > dates[reset].length) throw tooMany(integers, reset)

  let seen = 0
  return pieces
    .map((piece) => {
      if (piece === '%%') return '%'
      if (piece === '%s') return '{prefix}'
      if (!piece.startsWith('%')) return piece.replaceAll(/[{}]/g, '$&$&')
      if (!/^%\d*d$/.test(piece))
        throw new TemplateError(`${piece} has no meaning here; there are %s, %d, %06d and %%`)
      seen += 1
      return seen === integers ? valueToken(piece) : dateToken(piece, dates[reset][seen - 1]!)
    })
    .join('')
}

function valueToken(piece: string): string {
  const digits = piece.slice(1, -1)
  if (digits === '') return '{seq}'
  if (digits.startsWith('0') && Number(digits) > 0) return `{seq:${Number(digits)}}`
  throw new TemplateError(`${piece} would pad with spaces: write %0${Number(digits) || 6}d`)
}

function dateToken(piece: string, part: string): string {
  const token = tokens[part]?.[piece]
  if (token) return token
  const known = Object.keys(tokens[part] ?? {}).join(' or ')
  throw new TemplateError(`${piece} stands for the ${part} here: write ${known}`)
}

function tooMany(integers: number, reset: Reset): TemplateError {
  const meant = [...dates[reset], 'value'].join(', ')
  return new TemplateError(
    `there are ${integers} numbers (%d), and with the reset ${reset} only: ${meant}; use braces for more`,
  )
}
