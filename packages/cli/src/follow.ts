import { setTimeout as delay } from 'node:timers/promises'

const pauseMs = 1000
// In looks, which are at least a second apart.
const allEvery = 5
// No transaction of a service lasts 20 seconds: after twice that, nothing comes in front of an item.
const settledAfter = 40
// Of the end of a list, what is read again at most.
const mostPieces = 10

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
  /** Whether nothing ever comes in front of what was there. */
  isInOrder: boolean
}

/** A piece that was read: where it begins, and in which look each of its items was there for the first time. */
interface KnownPiece {
  cursor: string | undefined
  since: Map<string, number>
}

/**
 * What is in a list, however long, and then what comes, each item once. Each second the last piece is read again. Of a list that
 * is not in order the pieces in front of it are, too, at every fifth look, until nothing can come in front of what they have any
 * more: ten pieces at most.
 */
export async function* asTheyCome<Item>(
  { read, keyOf, isInOrder }: FollowedList<Item>,
  pause: () => Promise<unknown> = () => delay(pauseMs),
): AsyncGenerator<Item, never, undefined> {
  let known: KnownPiece[] = []
  for (let look = 0; ; look += 1, await pause()) {
    const seen = new Map(known.flatMap(({ since }) => [...since]))
    const again = !isInOrder && look % allEvery === 0 ? known : known.slice(-1)
    known = known.slice(0, known.length - again.length)
    let cursor: string | null | undefined = again[0]?.cursor
    do {
      const piece: Piece<Item> = await read(cursor)
      const keyed = piece.data.map((item) => ({ item, key: keyOf(item) }))
      for (const { item, key } of keyed) if (!seen.has(key)) yield item
      const since = new Map(keyed.map(({ key }) => [key, seen.get(key) ?? look]))
      known = [...known, { cursor, since }].slice(isInOrder ? -1 : -mostPieces)
      cursor = piece.pagination.next_cursor
    } while (cursor !== null)
    known = unsettled(known, look - settledAfter)
  }
}

/** Without the first pieces that had all that they have at a look that is long ago; the last one stays. */
function unsettled(known: readonly KnownPiece[], longAgo: number): KnownPiece[] {
  const isSettled = ({ since }: KnownPiece) => [...since.values()].every((look) => look <= longAgo)
  const first = known.findIndex((piece) => !isSettled(piece))
  return known.slice(first === -1 ? -1 : first)
}
