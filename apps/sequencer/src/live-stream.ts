import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import type { Queryable } from '@ordinal/database'
import type { Logger } from '@ordinal/logging'
import { cursorFor } from '@ordinal/service'
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
const bufferLimitBytes = 256 * 1024
const retryMs = 2_000

export type LiveStream = ReturnType<typeof createLiveStream>

interface Listener {
  stream: Readable
  /** The last that it was sent. */
  place: FeedPlace
  /** It has got what it missed, and gets what comes. */
  live: boolean
}

/**
 * What happens to numbers, as server-sent events, for all who listen: read from the ledger, so it is told whatever
 * instance did it. There is one poll for all listeners, and none while there are none.
 */
export function createLiveStream({ db, log }: { db: Queryable; log: Logger }) {
  const listeners = new Set<Listener>()
  /** The place of the last event that was sent to all. */
  let seen: FeedPlace = feedStart
  let following: Promise<void> | undefined
  /** Resolved when it is known where following has begun: before, nobody can tell what a listener has missed. */
  let begun = Promise.resolve()
  const stopping = new AbortController()

  /**
   * Adds a listener. One that takes its events too slowly is cut off, and may come again.
   *
   * @param missedSince the last place that it has got before; from now on, if not given
   */
  function open(missedSince: FeedPlace | undefined): Readable {
    const stream = new Readable({ read() {} })
    const listener = { stream, place: missedSince ?? feedStart, live: missedSince === undefined }
    listeners.add(listener)
    stream.once('close', () => listeners.delete(listener))
    stream.push(`retry: ${retryMs}\n\n`)
    following ??= follow()
    if (missedSince) void begun.then(() => catchUp(listener)).catch(() => stream.destroy())
    return stream
  }

  function send({ stream }: Listener, text: string): void {
    if (stream.readableEnded || stream.destroyed) return
    if (stream.readableLength > bufferLimitBytes) stream.destroy()
    else stream.push(text)
  }

  /** Sends what a listener has missed, until it is where all are. */
  async function catchUp(listener: Listener): Promise<void> {
    for (let missed = 0; missed < mostMissed; missed += batchesAtOnce) {
      const events = await readBatchEvents(db, listener.place, batchesAtOnce)
      sendEvents(listener, events)
      if (events.length < batchesAtOnce && !comesAfter(seen, listener.place)) {
        listener.live = true
        return
      }
    }
    send(listener, eventText('behind', { after: cursorFor(listener.place) }))
    listener.live = true
  }

  function sendEvents(listener: Listener, events: readonly BatchEvent[]): void {
    const news = events.filter((event) => comesAfter(placeOf(event), listener.place))
    const last = news.at(-1)
    if (!last) return
    send(listener, news.map(textOf).join(''))
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
        if (events.length > 0) place = seen = placeOf(events.at(-1)!)
        for (const listener of listeners) if (listener.live) sendEvents(listener, events)
        if (performance.now() - statsAt >= statsMs) {
          statsAt = performance.now()
          stats = await readStats(db, stats)
          for (const listener of listeners) send(listener, eventText('stats', shownStats(stats)))
        }
        if (events.length >= batchesAtOnce) continue
      } catch (error) {
        log.warn('the live stream could not read the ledger; next try soon', { error })
        await delay(statsMs, undefined, { signal: stopping.signal }).catch(() => {})
      }
      if (performance.now() - beatAt >= heartbeatMs) {
        beatAt = performance.now()
        for (const listener of listeners) send(listener, ': still here\n\n')
      }
      await delay(pollMs, undefined, { signal: stopping.signal }).catch(() => {})
    }
    // At once: who comes now begins anew.
    following = undefined
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

/** Only the last event of a batch moves the id on: who comes again gets the others once more, and misses none. */
function textOf(event: BatchEvent, index: number, all: readonly BatchEvent[]): string {
  const { prefix, period, batch, event: name, count, first_number, last_number, at } = event
  const next = all[index + 1]
  const isLast = !next || comesAfter(placeOf(next), placeOf(event))
  const data = { prefix, period, batch, event: name, count, first_number, last_number, at }
  return eventText(name, data, isLast ? cursorFor(placeOf(event)) : '')
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
