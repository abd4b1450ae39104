import { z } from 'zod'
import { cursorText } from './cursors'
import { integerText, pageQuery, toPiece } from './schemas'

/** The part of the query of a list that is read by page or by cursor, to be refined by `isPageOrCursor`. */
export const listQuery = {
  page: integerText(1, 1_000_000)
    .optional()
    .meta({ override: { default: 1 }, description: 'The answer tells how many there are in all' }),
  cursor: cursorText.optional().meta({
    description:
      'In place of a page: `next_cursor` of the answer before, with the same filters, or `0` for the beginning. Nothing is ' +
      'counted, so that a piece of a long list takes no longer than one of a short list; and no row comes twice, or is passed over, ' +
      'because others come and go',
  }),
  page_size: pageQuery.page_size,
}

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
 * How many rows a list has, if that needs no count: the page on which it ends shows that. Undefined if the
 * list goes on, or if the page is behind its end.
 *
 * @param rows how many were read, of one more than `page_size`
 */
export function totalShownBy(
  rows: number,
  { page, page_size }: { page: number; page_size: number },
): number | undefined {
  const isLast = rows <= page_size && (rows > 0 || page === 1)
  return isLast ? (page - 1) * page_size + rows : undefined
}

/**
 * The answer for a part of a list.
 *
 * @param rows one more than `page_size`, if there are so many: then the list goes on
 * @param total how many rows all pages have; undefined in a list that is read by cursor
 * @param cursorOf a cursor that points behind a row
 */
export function toList<Row, Item>(
  rows: readonly Row[],
  total: number | undefined,
  { page, page_size }: { page: number; page_size: number },
  toItem: (row: Row) => Item,
  cursorOf: (row: Row) => string,
) {
  const { data, pagination } = toPiece(rows, page_size, toItem, cursorOf)
  if (total === undefined) return { data, pagination }
  const total_pages = Math.ceil(total / page_size)
  return { data, pagination: { page, page_size, total, total_pages, next_cursor: pagination.next_cursor } }
}
