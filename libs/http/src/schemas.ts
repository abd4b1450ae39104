import { hasUnseen } from '@ordinal/middleware'
import { z } from 'zod'
import { cursorText } from './cursors'

// Neither PostgreSQL nor a log line can hold NUL, and lone surrogates are no text at all.
const printable = /^[^\p{Cc}\p{Cs}]*$/u
// Characters that end a line, change the direction of the text around them or are invisible falsify a record. Joiners and
// variation selectors are part of words and signs, and stay.
const seen =
  /^[^\p{Zl}\p{Zp}\p{Bidi_Control}\u00ad\u115f\u1160\u180e\u200b\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff9-\ufffb]*$/u

/** What `text` asks of the characters of a line. */
export const linePatterns = [printable, seen]

/** One line of text: no control or unseen characters, between `min` and `max` characters once trimmed. */
export const text = (min: number, max: number) =>
  z
    .string()
    .trim()
    .min(min)
    .max(max)
    .regex(printable, 'must not contain control characters')
    .regex(seen, 'must not contain invisible or bidirectional characters')

/** A name in records: a text without any invisible character. */
export const nameText = (min: number, max: number) =>
  text(min, max).refine((name) => !hasUnseen(name), 'must not contain invisible characters')

const digits = /^(0|[1-9][0-9]{0,15})$/

/** A whole number in a query or path, where everything is text; documented as the integer that it is. */
export const integerText = (min: number, max: number = Number.MAX_SAFE_INTEGER) =>
  z
    .string()
    .regex(digits, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be a whole number from ${min} to ${max}`)
    .meta({
      override: ({ jsonSchema }: { jsonSchema: object }) =>
        describeAs(jsonSchema, { type: 'integer', minimum: min, maximum: max }),
    })

/** `true` or `false` in a query. */
export const booleanText = () =>
  z
    .enum(['true', 'false'])
    .transform((value) => value === 'true')
    .meta({
      override: ({ jsonSchema }: { jsonSchema: object }) => describeAs(jsonSchema, { type: 'boolean' }),
    })

/** What a text stands for, in place of what it looks like. */
function describeAs(jsonSchema: object, meaning: object): void {
  for (const keyword of ['pattern', 'enum']) Reflect.deleteProperty(jsonSchema, keyword)
  Object.assign(jsonSchema, meaning)
}

/** The `id` of a resource in a path. */
export const idParams = z.strictObject({ id: integerText(1) })

/** An id in an answer. */
export const id = () => z.int().min(1)

const instant = z.iso.datetime().meta({ id: 'Timestamp', example: '2026-11-21T03:43:00.000Z' })

/** An instant, as RFC 3339 in UTC. */
export const timestamp = () => instant

/** The part of a list's query that every list has. */
export const pageQuery = {
  page: integerText(1, 1_000_000)
    .default(1)
    .meta({ override: { default: 1 } }),
  page_size: integerText(1, 100)
    .default(20)
    .meta({ override: { default: 20 } }),
}

/** How many rows come before a page. */
export const skipOf = ({ page, page_size }: { page: number; page_size: number }) => (page - 1) * page_size

/** A page of a list. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    data: z.array(item),
    pagination: z.object({
      page: z.int(),
      page_size: z.int(),
      total: z.int(),
      total_pages: z.int(),
    }),
  })

/** The answer for a page, from the rows of that page and the count of all. */
export function toPage<Item>(data: Item[], total: number, query: { page: number; page_size: number }) {
  const { page, page_size } = query
  return { data, pagination: { page, page_size, total, total_pages: Math.ceil(total / page_size) } }
}

/** The part of the query of a list that is followed by a cursor: a list of any length, which is never counted. */
export const cursorQuery = {
  cursor: cursorText.optional().meta({
    description: '`next_cursor` of the answer before, with the same filters; from the beginning if not given',
  }),
  page_size: pageQuery.page_size,
}

/** A piece of such a list. */
export const pieceOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    data: z.array(item),
    pagination: z.object({
      page_size: z.int(),
      next_cursor: z.string().nullable().meta({ description: 'null at the end' }),
    }),
  })

/**
 * The answer for a piece of a list.
 *
 * @param rows one more than `page_size`, if there are so many: then the list goes on
 * @param cursorOf a cursor that points behind a row
 */
export function toPiece<Row, Item>(
  rows: readonly Row[],
  page_size: number,
  toItem: (row: Row) => Item,
  cursorOf: (row: Row) => string,
) {
  const shown = rows.slice(0, page_size)
  const last = rows.length > page_size ? shown.at(-1) : undefined
  const next_cursor = last ? cursorOf(last) : null
  return { data: shown.map(toItem), pagination: { page_size, next_cursor } }
}

/** RFC 9457, as every error is answered. */
export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    request_id: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' })
