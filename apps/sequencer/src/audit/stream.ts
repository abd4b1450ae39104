import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import type { Queryable } from '@ordinal/database'
import { AppError } from '../domain/errors'
import type { Logger } from '@ordinal/logging'
import { batchesAtOnce, createMissedReader } from './missed-events'
import {
  comesAfter,
  feedEnd,
  feedStart,
  readBatchEvents,
  type BatchEvent,
  type FeedPlace,
} from './queries/feed'
import { feedCursors } from './schemas'
import { createShare } from './share'
import { readTotals } from './queries/totals'
import { bytesFrom, eventText, firstAfter, placeOf, shownStats, statsOf, type Stats } from './stream-events'

const pollMs = 250
const statsMs = 1_000
const heartbeatMs = 10_000
// A listener that missed more batches than this should read the ledger itself.
const mostMissed = 5_000
// Events in memory, for listeners that were away for a moment.
const recentEvents = 5_000
const bufferLimitBytes = 256 * 1024
const retryMs = 2_000
// One client may have half of the listeners, and where there are few, all.
const fewListeners = 10
const heartbeat = Buffer.from(': still here\n\n')

export type LiveStream = ReturnType<typeof createLiveStream>

interface Listener {
  stream: Readable
  /** Of the last event that it was sent. */
  place: FeedPlace
  /** It has what it missed, and gets what comes. */
  live: boolean
  /** Called when it has read what was sent, and when it disconnects. */
  onTaken: () => void
}

interface Deps {
  db: Queryable
  /** For what listeners have missed. */
  missedDb: Queryable
  maxListeners: number
  log: Logger
}

/**
 * What happens to numbers, as server-sent events. It reads the ledger, so it shows what every instance does. There is
 * one poll for all listeners, and none while there are none.
 */
export function createLiveStream({ db, missedDb, maxListeners, log }: Deps) {
  const listeners = new Set<Listener>()
  const share = createShare('streams', Math.max(fewListeners, Math.floor(maxListeners / 2)))
  /** The place of the last event that was sent to all. */
  let seen: FeedPlace = feedStart
  /** What came after `recentFrom`, as far as it is kept. */
  let recent: BatchEvent[] = []
  let recentFrom: FeedPlace | undefined
  const missed = createMissedReader(missedDb)
  let following: Promise<void> | undefined
  /** Resolves when it is known where following begins: what a listener missed lies before that. */
  let begun = Promise.resolve()
  const stopping = new AbortController()

  /**
   * Adds a listener, up to the bound. One that reads its events too slowly is disconnected, and may come back.
   *
   * @param missedSince the place of the last event that it got before; if not given, it gets events from now on
   * @param client who listens; undefined for one without a bound of its own
   * @throws AppError `overloaded`, `too_many_open`
   */
  function open(missedSince: FeedPlace | undefined, client?: string): Readable {
    if (client !== undefined) share.require(client)
    if (listeners.size >= maxListeners) throw tooMany(listeners.size)
    const stream = new Readable({ read: () => listener.onTaken() })
    const listener: Listener = {
      stream,
      place: missedSince ?? feedStart,
      live: missedSince === undefined,
      onTaken: () => {},
    }
    if (stopping.signal.aborted) {
      stream.push(null)
      return stream
    }
    listeners.add(listener)
    const leave = client === undefined ? undefined : share.take(client)
    stream.once('close', () => {
      listeners.delete(listener)
      leave?.()
      listener.onTaken()
    })
    stream.push(`retry: ${retryMs}\n\n`)
    following ??= follow()
    if (missedSince) void begun.then(() => catchUp(listener)).catch(() => stream.destroy())
    return stream
  }

  /** Takes bytes, so that what goes to all is encoded once. */
  function send({ stream }: Listener, bytes: Buffer): void {
    if (stopping.signal.aborted || stream.destroyed) return
    if (stream.readableLength > bufferLimitBytes) stream.destroy()
    else stream.push(bytes)
  }

  /** Sends what a listener has missed, as fast as it reads it, until it has caught up. */
  async function catchUp(listener: Listener): Promise<void> {
    for (let sent = 0; sent < mostMissed; sent += batchesAtOnce) {
      if (listener.stream.destroyed) return
      const kept = recentFrom && !comesAfter(recentFrom, listener.place)
      const events = kept ? recent : await missed.read(listener.place)
      if (!events) break
      sendEvents(listener, events)
      await taken(listener)
      if ((kept || events.length < batchesAtOnce) && !comesAfter(seen, listener.place)) {
        listener.live = true
        return
      }
    }
    send(listener, Buffer.from(eventText('behind', { after: feedCursors.write(listener.place) })))
    listener.live = true
  }

  function sendEvents(listener: Listener, events: readonly BatchEvent[]): void {
    const first = firstAfter(events, listener.place)
    const last = events.at(-1)
    if (!last || first === events.length) return
    send(listener, bytesFrom(events, first))
    listener.place = placeOf(last)
  }

  /** Waits until a listener has read most of what it was sent, or has disconnected. */
  async function taken(listener: Listener): Promise<void> {
    const { stream } = listener
    if (stream.readableLength < stream.readableHighWaterMark || stream.destroyed) return
    await new Promise<void>((resolve) => (listener.onTaken = resolve))
  }

  /** Reads and sends while there are listeners. */
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
          stats = statsOf(await readTotals(db), stats)
          const shown = shownStats(stats)
          const text = Buffer.from(eventText('stats', shown))
          // Who has had no event yet knows by it where to go on after a broken connection.
          const withId = Buffer.from(eventText('stats', shown, feedCursors.write(place)))
          for (const listener of listeners) send(listener, listener.live ? withId : text)
        }
        if (events.length >= batchesAtOnce) continue
      } catch (error) {
        log.warn('the live stream could not read the ledger; retrying soon', { error })
        await delay(statsMs, undefined, { signal: stopping.signal }).catch(() => {})
      }
      if (performance.now() - beatAt >= heartbeatMs) {
        beatAt = performance.now()
        for (const listener of listeners) send(listener, heartbeat)
      }
      await delay(pollMs, undefined, { signal: stopping.signal }).catch(() => {})
    }
    // Without a wait in between: the next listener starts following anew.
    recent = []
    recentFrom = undefined
    missed.forget()
    following = undefined
  }

  /** Keeps the latest events, each batch whole or not at all. */
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
