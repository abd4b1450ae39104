import { listOf } from './answer'

/** A piece of a list. */
export interface Piece<Item> {
  data: Item[]
  pagination: { next_cursor: string | null }
}

/**
 * All items of a list, asked for piece by piece as they are taken: `for await (const order of orders.list())`. Nothing is
 * passed over, or comes twice, because others come and go meanwhile.
 *
 * @param read reads the piece at a cursor
 * @param first where the list begins, for lists that would otherwise count their pages
 */
export async function* itemsOf<Item>(
  read: (cursor: string | undefined) => Promise<Piece<Item>>,
  first?: string,
): AsyncGenerator<Item, void, undefined> {
  let cursor: string | null | undefined = first
  do {
    const piece: Piece<Item> = await read(cursor)
    yield* listOf<Item>(piece, 'data')
    cursor = piece.pagination?.next_cursor
  } while (typeof cursor === 'string')
}

/** A page of a list that has no cursor. */
export interface Page<Item> {
  data: Item[]
  pagination: { total_pages: number }
}

/** The same for a list that is read by page. */
export async function* itemsOfPages<Item>(
  read: (page: number) => Promise<Page<Item>>,
): AsyncGenerator<Item, void, undefined> {
  for (let page = 1, last = 1; page <= last; page += 1) {
    const answer: Page<Item> = await read(page)
    yield* listOf<Item>(answer, 'data')
    last = answer.pagination?.total_pages ?? 0
  }
}
