import { setTimeout as delay } from 'node:timers/promises'

const pauseMs = 1000

/** A piece of a list, as a call answers it. */
interface Piece<Item> {
  data: Item[]
  pagination: { next_cursor: string | null }
}

/** A list that is followed. */
export interface FollowedList<Item> {
  /** Reads the piece at a cursor, or the first. */
  read: (cursor: string | undefined) => Promise<Piece<Item>>
  /** Tells one item from another. */
  keyOf: (item: Item) => string
  /**
   * How many pieces at the end are read again by each look, and remembered until then. An item that comes in front of these is
   * not given: more than one is for lists whose items come somewhat out of order.
   */
  readAgain: number
}

/** What is in a list, however long, and then what comes to its end, as seen by a look each second; each item once. */
export async function* asTheyCome<Item>({
  read,
  keyOf,
  readAgain,
}: FollowedList<Item>): AsyncGenerator<Item, never, undefined> {
  // The last pieces that were read: where they begin, and what they had.
  let known: { cursor: string | undefined; keys: Set<string> }[] = []
  for (; ; await delay(pauseMs)) {
    const given = new Set(known.flatMap(({ keys }) => [...keys]))
    let cursor: string | null | undefined = known[0]?.cursor
    known = []
    do {
      const piece: Piece<Item> = await read(cursor)
      const keys = new Set(piece.data.map(keyOf))
      for (const item of piece.data) if (!given.has(keyOf(item))) yield item
      known = [...known, { cursor, keys }].slice(-readAgain)
      cursor = piece.pagination.next_cursor
    } while (cursor !== null)
  }
}
