import { z } from 'zod'
import { decodedCursor, integerText, pageQuery, toPiece } from './schemas'

/**
 * A cursor as a request has it: `next_cursor` of an answer, read as the key that it was made of.
 *
 * @param first the key in front of the first row, which `0` stands for
 */
export const cursorText = <Key extends z.ZodType>(key: Key, first: z.output<Key>) =>
  z
    .string()
    .min(1)
    .max(1000)
    .transform((text, context) => {
      const read = text === '0' ? { success: true as const, data: first } : key.safeParse(decoded(text))
      if (read.success) return read.data
      context.addIssue('is no cursor of this list: use next_cursor as it was answered')
      return z.NEVER
    })

function decoded(text: string): unknown {
  try {
    return decodedCursor(text)
  } catch {
    return undefined
  }
}

/** The part of the query of a list that is read by page or by cursor, to be refined by `isPageOrCursor`. */
export const listQuery = <Cursor extends z.ZodType>(cursor: Cursor) => ({
  page: integerText(1, 1_000_000)
    .optional()
    .meta({ override: { default: 1 }, description: 'The answer tells how many there are in all' }),
  cursor: cursor.optional().meta({
    description:
      'In place of a page: `next_cursor` of the answer before, or `0` for the beginning. Nothing is counted, so that a ' +
      'piece of a long list takes no longer than one of a short list; and no row comes twice, or is passed over, ' +
      'because others come and go',
  }),
  page_size: pageQuery.page_size,
})

/** Whether a list is read by one of the two, for `refine`. */
export const isPageOrCursor = ({ page, cursor }: { page?: unknown; cursor?: unknown }) =>
  page === undefined || cursor === undefined

export const pageOrCursor = { path: ['cursor'], message: 'cannot go with page' }

/** A part of a list that is read by page or by cursor. */
export const listOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    data: z.array(item),
    pagination: z.object({
      page: counted,
      page_size: z.int(),
      total: counted,
      total_pages: counted,
      next_cursor: z.string().nullable().meta({ description: 'Where the list goes on; null at the end' }),
    }),
  })

const counted = z.int().optional().meta({ description: 'Only of a list that is read by page' })

/**
 * The answer for a part of a list.
 *
 * @param rows one more than `page_size`, if there are so many: then the list goes on
 * @param total how many rows all pages have; undefined in a list that is read by cursor
 * @param keyOf where a row stands in the list's order, for `cursorText`
 */
export function toList<Row, Item>(
  rows: readonly Row[],
  total: number | undefined,
  { page, page_size }: { page: number; page_size: number },
  toItem: (row: Row) => Item,
  keyOf: (row: Row) => readonly (string | number)[],
) {
  const { data, pagination } = toPiece(rows, page_size, toItem, keyOf)
  if (total === undefined) return { data, pagination }
  const total_pages = Math.ceil(total / page_size)
  return { data, pagination: { page, page_size, total, total_pages, next_cursor: pagination.next_cursor } }
}
