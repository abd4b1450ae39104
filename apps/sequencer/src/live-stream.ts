import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import type { Queryable } from '@ordinal/database'
import type { Logger } from '@ordinal/logging'
import { AppError } from '@ordinal/errors'
import { createGate, cursorFor } from '@ordinal/service'
import {
  comesAfter,
  feedEnd,
  feedStart,
  readBatchEvents,
  type BatchEvent,
  type FeedPlace,
} from './ledger/feed'

const pollMs = 250
const statsMs = 1_000
const heartbeatMs = 10_000
const batchesAtOnce = 500
// Who was away for longer than so many batches should read the ledger, and not wait for the stream to tell it.
const mostMissed = 5_000
// Listeners come back with old places all at once: so many pages are read for them at a time.
const missedBounds = { places: 2, shareOfClient: 1, waiting: 256, waitMs: 5_000 }
// Events in memory, for those who were away shortly, and pages that were read for one and serve others.
const recentEvents = 5_000
const keptPages = 32
const keptPageMs = 2_000
const bufferLimitBytes = 256 * 1024
const retryMs = 2_000
const heartbeat = Buffer.from(': still here\n\n')

export type LiveStream = ReturnType<typeof createLiveStream>

interface Listener {
  stream: Readable
  /** The last that it was sent. */
  place: FeedPlace
  /** It has got what it missed, and gets what comes. */
  live: boolean
}

interface Deps {
  db: Queryable
  /** For what listeners have missed. */
  missedDb: Queryable
  maxListeners: number
  log: Logger
}

/**
 * What happens to numbers, as server-sent events, for all who listen: read from the ledger, so it is told whatever
 * instance did it. There is one poll for all listeners, and none while there are none.
 */
export function createLiveStream({ db, missedDb, maxListeners, log }: Deps) {
  const listeners = new Set<Listener>()
  /** The place of the last event that was sent to all. */
  let seen: FeedPlace = feedStart
  /** What came after `recentFrom`, as far as it is kept. */
  let recent: BatchEvent[] = []
  let recentFrom: FeedPlace | undefined
  const missed = createMissedReader(missedDb)
  let following: Promise<void> | undefined
  /** Resolved when it is known where following has begun: before, nobody can tell what a listener has missed. */
  let begun = Promise.resolve()
  const stopping = new AbortController()

  /**
   * Adds a listener, up to the bound. One that takes its events too slowly is cut off, and may come again.
   *
   * @param missedSince the last place that it has got before; from now on, if not given
   * @throws AppError `overloaded`
   */
  function open(missedSince: FeedPlace | undefined): Readable {
    if (listeners.size >= maxListeners) throw tooMany(listeners.size)
    const stream = new Readable({ read() {} })
    if (stopping.signal.aborted) {
      stream.push(null)
      return stream
    }
    const listener = { stream, place: missedSince ?? feedStart, live: missedSince === undefined }
    listeners.add(listener)
    stream.once('close', () => listeners.delete(listener))
    stream.push(`retry: ${retryMs}\n\n`)
    following ??= follow()
    if (missedSince) void begun.then(() => catchUp(listener)).catch(() => stream.destroy())
    return stream
  }

  /** Bytes, so that what goes to all is made from its text once. */
  function send({ stream }: Listener, bytes: Buffer): void {
    if (stopping.signal.aborted || stream.destroyed) return
    if (stream.readableLength > bufferLimitBytes) stream.destroy()
    else stream.push(bytes)
  }

  /** Sends what a listener has missed, until it is where all are. */
  async function catchUp(listener: Listener): Promise<void> {
    for (let sent = 0; sent < mostMissed; sent += batchesAtOnce) {
      if (listener.stream.destroyed) return
      const kept = recentFrom && !comesAfter(recentFrom, listener.place)
      const events = kept ? recent : await missed.read(listener.place)
      if (!events) break
      sendEvents(listener, events)
      if ((kept || events.length < batchesAtOnce) && !comesAfter(seen, listener.place)) {
        listener.live = true
        return
      }
    }
    send(listener, Buffer.from(eventText('behind', { after: cursorFor(listener.place) })))
    listener.live = true
  }

  function sendEvents(listener: Listener, events: readonly BatchEvent[]): void {
    const first = firstAfter(events, listener.place)
    const last = events.at(-1)
    if (!last || first === events.length) return
    send(listener, bytesFrom(events, first))
    listener.place = placeOf(last)
  }

  /** Reads and sends as long as anybody listens. */
  async function follow(): Promise<void> {
    let place: FeedPlace | undefined
    let stats: Stats | undefined
    let statsAt = -Infinity
    let beatAt = performance.now()
    let begin = () => {}
    begun = new Promise((resolve) => (begin = resolve))
    while (listeners.size > 0 && !stopping.signal.aborted) {
      try {
        place ??= await feedEnd(db)
        begin()
        const events = await readBatchEvents(db, place, batchesAtOnce)
        recentFrom ??= place
        if (events.length > 0) {
          place = seen = placeOf(events.at(-1)!)
          remember(events)
        }
        for (const listener of listeners) if (listener.live) sendEvents(listener, events)
        if (performance.now() - statsAt >= statsMs) {
          statsAt = performance.now()
          stats = await readStats(db, stats)
          const shown = Buffer.from(eventText('stats', shownStats(stats)))
          for (const listener of listeners) send(listener, shown)
        }
        if (events.length >= batchesAtOnce) continue
      } catch (error) {
        log.warn('the live stream could not read the ledger; next try soon', { error })
        await delay(statsMs, undefined, { signal: stopping.signal }).catch(() => {})
      }
      if (performance.now() - beatAt >= heartbeatMs) {
        beatAt = performance.now()
        for (const listener of listeners) send(listener, heartbeat)
      }
      await delay(pollMs, undefined, { signal: stopping.signal }).catch(() => {})
    }
    // At once: who comes now begins anew.
    recent = []
    recentFrom = undefined
    missed.forget()
    following = undefined
  }

  /** Keeps the latest events; a batch is kept with all of its own, or not. */
  function remember(events: readonly BatchEvent[]): void {
    recent = [...recent, ...events]
    if (recent.length <= recentEvents) return
    const dropped = recent[recent.length - recentEvents - 1]!
    recentFrom = placeOf(dropped)
    recent = recent.filter((event) => comesAfter(placeOf(event), placeOf(dropped)))
  }

  return {
    open,
    listening: () => listeners.size,
    start() {},
    async stop() {
      stopping.abort()
      for (const { stream } of listeners) stream.push(null)
      await following
    },
  }
}

const tooMany = (listening: number) =>
  new AppError('overloaded', `${listening} clients listen already`, { retryAfterSeconds: 10 })

/** Reads pages of what was missed: few at a time, and one page for all who were last at the same place. */
function createMissedReader(db: Queryable) {
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

  /** A page is as old as its reading, and what came since is sent only while the feed is followed. */
  const forget = () => pages.clear()

  return { read, forget }
}

/** The index of the first event after a place: they are in the order of their places. */
function firstAfter(events: readonly BatchEvent[], place: FeedPlace): number {
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
function bytesFrom(events: readonly BatchEvent[], first: number): Buffer {
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
const placeOf = ({ feed, prefix, period, batch, rows }: BatchEvent): FeedPlace => [
  feed,
  prefix,
  period,
  batch,
  rows,
]

const eventText = (event: string, data: object, id = '') =>
  `event: ${event}\n${id && `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`

const eventBytes = new WeakMap<BatchEvent, Buffer>()

/** Only the last event of a batch moves the id on: who comes again gets the others once more, and misses none. */
function bytesOf(event: BatchEvent, index: number, all: readonly BatchEvent[]): Buffer {
  const made = eventBytes.get(event)
  if (made !== undefined) return made
  const { prefix, period, batch, event: name, count, first_number, last_number, at } = event
  const next = all[index + 1]
  const isLast = !next || comesAfter(placeOf(next), placeOf(event))
  const data = { prefix, period, batch, event: name, count, first_number, last_number, at }
  const bytes = Buffer.from(eventText(name, data, isLast ? cursorFor(placeOf(event)) : ''))
  eventBytes.set(event, bytes)
  return bytes
}

interface Stats {
  at: Date
  given: number
  reserved: number
  free: number
  void: number
  perSecond: number
}

async function readStats(db: Queryable, before: Stats | undefined): Promise<Stats> {
  const { rows } = await db.query<Omit<Stats, 'perSecond'>>(
    `SELECT clock_timestamp() AS at, coalesce(sum(last_value - first_value + 1), 0)::bigint AS given,
            coalesce(sum(reserved), 0)::bigint AS reserved, coalesce(sum(free), 0)::bigint AS free,
            coalesce(sum(void), 0)::bigint AS void
     FROM public.counters`,
  )
  const now = rows[0]!
  const seconds = before ? (now.at.getTime() - before.at.getTime()) / 1000 : 0
  return { ...now, perSecond: before && seconds > 0 ? Math.round((now.given - before.given) / seconds) : 0 }
}

const shownStats = ({ at, given, reserved, free, void: voided, perSecond }: Stats) => ({
  at,
  issued: given - reserved - free - voided,
  reserved,
  free,
  void: voided,
  new_per_second: perSecond,
})
