import type { CloudEvent } from './cloud-event'

/** An event that a consumer could not handle. */
export interface DeadLetter {
  /** That of its row, or of its entry in Redis. */
  id: string
  consumer: string
  /** Why the last attempt failed. */
  reason: string
  attempts: number
  diedAt: Date
  /** Undefined for an entry of a stream that was none. */
  event: CloudEvent | undefined
}

/** Which dead letters: all that fit what is given. */
export interface DeadLetterFilter {
  id?: string | undefined
  consumer?: string | undefined
  /** That of the event. */
  type?: string | undefined
}

/** Where a list of dead letters goes on: behind a row of the table, and behind an entry of the stream. */
export interface DeadLetterPlace {
  row: number
  entry: string
}

/** The place before the first letter. */
export const firstDeadLetter: DeadLetterPlace = { row: 0, entry: '0-0' }

/** Events that no attempt could deliver, until their cause is fixed and they are replayed. */
export interface DeadLetters<Place = DeadLetterPlace> {
  count(filter?: DeadLetterFilter): Promise<number>
  /**
   * Oldest first, from behind a place; each with the place behind it. What dies later is behind every place that was
   * returned, so that a reader who goes on from the last one gets each letter once.
   */
  list(
    limit: number,
    filter?: Omit<DeadLetterFilter, 'id'>,
    after?: DeadLetterPlace,
  ): Promise<(DeadLetter & { place: Place })[]>
  /** Delivers them again, each to the consumer that could not handle it; gives how many. */
  replay(filter?: DeadLetterFilter): Promise<number>
}

/** The letters of one store. Its places name only that store. */
export type DeadLetterStore = DeadLetters<Partial<DeadLetterPlace>>

/** The text of a failure is kept in a row: an error may carry a whole answer in its message. */
export const shortened = (reason: string) => reason.slice(0, 1_000)

/** Those of several stores as one. */
export const deadLettersOf = (stores: readonly DeadLetterStore[]): DeadLetters => ({
  count: async (filter) => sumOf(await Promise.all(stores.map((store) => store.count(filter)))),
  async list(limit, filter, after = firstDeadLetter) {
    const lists = await Promise.all(stores.map((store) => store.list(limit, filter, after)))
    let place = after
    return byAge(lists)
      .slice(0, limit)
      .map((letter) => ({ ...letter, place: (place = { ...place, ...letter.place }) }))
  },
  replay: async (filter) => sumOf(await Promise.all(stores.map((store) => store.replay(filter)))),
})

/** Merges lists by time of death. Keeps each list's own order, which cursors follow, even if clocks differ. */
function byAge<Letter extends DeadLetter>(lists: readonly Letter[][]): Letter[] {
  const aged = lists.flatMap((letters) => {
    let latest = -Infinity
    return letters.map((letter) => ({ letter, at: (latest = Math.max(latest, letter.diedAt.getTime())) }))
  })
  return aged.toSorted((a, b) => a.at - b.at).map(({ letter }) => letter)
}

const sumOf = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0)
