import type { z } from 'zod'

type Issue = z.core.$ZodRawIssue

const kinds: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
}

const units: Readonly<Record<string, [one: string, many: string]>> = {
  string: ['character', 'characters'],
  array: ['entry', 'entries'],
  object: ['field', 'fields'],
}

const formats: Readonly<Record<string, string>> = {
  date: 'a date that there is, such as 2026-11-29',
  datetime: 'a time such as 2026-11-29T03:43:00Z',
  uuid: 'a UUID, such as 019354a5-2bb4-7c53-a7d0-1f0e5c6b7a89',
}

/**
 * What is wrong with a field, in words that follow its name: `quantity: must be at least 1`.
 *
 * @returns undefined where the schema has said it in its own words, or nothing better is known than zod's
 */
export function wordsFor(issue: Issue): string | undefined {
  switch (issue.code) {
    case 'invalid_type': {
      if (issue.input === undefined) return 'is missing'
      const expected = kinds[issue.expected]
      if (!expected) return undefined
      // 1.5 in place of a whole number is a number, too.
      const isOtherNumber = typeof issue.input === 'number' && expected.endsWith('number')
      return `must be ${expected}${isOtherNumber ? '' : `, not ${kindOf(issue.input)}`}`
    }
    case 'invalid_value':
      return `must be ${oneOf(issue.values.map((value) => JSON.stringify(value)))}`
    case 'invalid_format': {
      const format = formats[issue.format]
      return format && `must be ${format}`
    }
    case 'too_small':
      return bound('at least', 'more than', issue.minimum, issue)
    case 'too_big':
      return bound('at most', 'less than', issue.maximum, issue)
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`
    default:
      return undefined
  }
}

function kindOf(input: unknown): string {
  if (input === null) return 'null'
  return kinds[Array.isArray(input) ? 'array' : typeof input] ?? typeof input
}

const oneOf = (values: string[]) => (values.length === 1 ? values[0]! : `one of ${values.join(', ')}`)

function bound(
  inclusive: string,
  exclusive: string,
  limit: number | bigint,
  { origin, inclusive: isInclusive = true }: { origin: string; inclusive?: boolean },
): string {
  const unit = units[origin]
  const words = `${isInclusive ? inclusive : exclusive} ${limit}`
  return unit ? `must have ${words} ${unit[Number(limit) === 1 ? 0 : 1]}` : `must be ${words}`
}
