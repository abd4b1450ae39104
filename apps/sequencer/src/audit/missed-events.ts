import type { Queryable } from '@ordinal/database'
import { AppError } from '../domain/errors'
import { createGate } from '@ordinal/http'
import { readBatchEvents, type BatchEvent, type FeedPlace } from './queries/feed'

/** The most batches of a page. */
export const batchesAtOnce = 500
// Listeners come back with old places all at once: this many pages are read for them at a time.
const missedBounds = { places: 2, shareOfClient: 1, waiting: 256, waitMs: 5_000 }
// Pages that were read for one and serve others.
const keptPages = 32
const keptPageMs = 2_000

/** Reads pages of missed events: few at a time, and one page for all listeners that come from the same place. */
export function createMissedReader(db: Queryable) {
  const gate = createGate(missedBounds)
  const pages = new Map<string, { until: number; page: Promise<BatchEvent[]> }>()

  async function readPage(place: FeedPlace): Promise<BatchEvent[]> {
    const leave = await gate.enter('')
    return readBatchEvents(db, place, batchesAtOnce).finally(leave)
  }

  /** @returns undefined if too many wait */
  async function read(place: FeedPlace): Promise<BatchEvent[] | undefined> {
    const key = JSON.stringify(place)
    let known = pages.get(key)
    if (!known || performance.now() > known.until) {
      const reading = { until: performance.now() + keptPageMs, page: readPage(place) }
      pages.delete(key)
      pages.set(key, (known = reading))
      if (pages.size > keptPages) pages.delete(pages.keys().next().value!)
      reading.page.then(
        // Nothing comes into a page that is full.
        ({ length }) => (reading.until = length >= batchesAtOnce ? Infinity : reading.until),
        () => pages.delete(key),
      )
    }
    try {
      return await known.page
    } catch (error) {
      if (error instanceof AppError && error.code === 'overloaded') return undefined
      throw error
    }
  }

  /** A page misses what came after it was read, which is sent only while the feed is followed. */
  const forget = () => pages.clear()

  return { read, forget }
}
