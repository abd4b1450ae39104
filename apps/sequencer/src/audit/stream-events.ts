import { comesAfter, type BatchEvent, type FeedPlace } from './queries/feed'
import { feedCursors } from './schemas'
import type { Totals } from './queries/totals'

/** The index of the first event after a place: they are in the order of their places. */
export function firstAfter(events: readonly BatchEvent[], place: FeedPlace): number {
  let [low, high] = [0, events.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (comesAfter(placeOf(events[middle]!), place)) high = middle
    else low = middle + 1
  }
  return low
}

interface Encoded {
  bytes: Buffer
  /** Where each event begins. */
  starts: readonly number[]
}
const encoded = new WeakMap<readonly BatchEvent[], Encoded>()

/** The events from an index on: the same bytes for all listeners, made once. */
export function bytesFrom(events: readonly BatchEvent[], first: number): Buffer {
  let made = encoded.get(events)
  if (made === undefined) encoded.set(events, (made = encode(events)))
  return made.bytes.subarray(made.starts[first])
}

function encode(events: readonly BatchEvent[]): Encoded {
  const parts = events.map(bytesOf)
  let end = 0
  const starts = parts.map(({ length }) => (end += length) - length)
  return { bytes: Buffer.concat(parts), starts }
}

/** After all rows of its batch. */
export const placeOf = ({ feed, prefix, period, batch, rows }: BatchEvent): FeedPlace => [
  feed,
  prefix,
  period,
  batch,
  rows,
]

export const eventText = (event: string, data: object, id = '') =>
  `event: ${event}\n${id && `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`

const eventBytes = new WeakMap<BatchEvent, Buffer>()

/** Only the last event of a batch has an id: a listener that comes back gets the others again, and misses none. */
function bytesOf(event: BatchEvent, index: number, all: readonly BatchEvent[]): Buffer {
  const made = eventBytes.get(event)
  if (made !== undefined) return made
  const { prefix, period, batch, event: name, count, first_number, last_number, at } = event
  const next = all[index + 1]
  const isLast = !next || comesAfter(placeOf(next), placeOf(event))
  const data = { prefix, period, batch, event: name, count, first_number, last_number, at }
  const bytes = Buffer.from(eventText(name, data, isLast ? feedCursors.write(placeOf(event)) : ''))
  eventBytes.set(event, bytes)
  return bytes
}

/** The content of a `stats` event. */
export interface Stats extends Totals {
  perSecond: number
}

/** The totals, and how fast they have grown since. */
export function statsOf(now: Totals, before: Totals | undefined): Stats {
  const seconds = before ? (now.at.getTime() - before.at.getTime()) / 1000 : 0
  return { ...now, perSecond: before && seconds > 0 ? Math.round((now.given - before.given) / seconds) : 0 }
}

export const shownStats = ({ at, given, reserved, free, void: voided, perSecond }: Stats) => ({
  at,
  issued: given - reserved - free - voided,
  reserved,
  free,
  void: voided,
  new_per_second: perSecond,
})
