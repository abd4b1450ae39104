import { startTransition, useEffect, useState } from 'react'
import type { LedgerEntry, StreamEvent } from '@ordinal/client'
import { requireRole } from './allowed'
import { liveStream } from './ordinal'
import { subscribe as onSession } from './session'

/** What can happen to a number. */
export type EventName = LedgerEntry['event']

/** What one commit did to the numbers of a sequence. */
export interface BatchEvent {
  prefix: string
  period: string
  /** Which commit of its counter. */
  batch: number
  event: EventName
  count: number
  first_number: string
  last_number: string
  at: string
}

export interface Stats {
  at: string
  issued: number
  reserved: number
  free: number
  void: number
  new_per_second: number
}

/** What the page knows of the live stream. A new object twice a second at most. */
export interface Live {
  state: 'connecting' | 'live' | 'refused'
  error: unknown
  stats: Stats | undefined
  /** New numbers a second, by second: the last two minutes. */
  rates: readonly { at: number; perSecond: number }[]
  /** The newest first, at most so many. */
  events: readonly (BatchEvent & { key: number })[]
  /** How many events came since the page was opened. */
  seen: number
  /** When the service was last heard, in milliseconds of this computer. */
  heardAt: number
  /** How often the service left out what was missed, since it was too much. */
  leftOut: number
}

// Bounds of what is kept and of how often it is drawn: a busy sequencer sends hundreds a second.
const keptEvents = 500
const keptRates = 120
const redrawMs = 500

/** Totals come every second: after this time without any, the connection is not there. */
export const silenceMs = 4_000

const empty: Live = {
  state: 'connecting',
  error: undefined,
  stats: undefined,
  rates: [],
  events: [],
  seen: 0,
  heardAt: 0,
  leftOut: 0,
}
const listeners = new Set<() => void>()
let shown = empty
let arrived: StreamEvent[] = []
let seen = 0
let drawnAt = 0
let redraw: ReturnType<typeof setTimeout> | undefined
let connection: AbortController | undefined

/**
 * The live stream: one for the whole page, open while something shows it. It is drawn as a transition: in pieces, between which
 * the page answers whoever uses it.
 */
export function useLive(): Live {
  const [live, setLive] = useState(shown)
  useEffect(() => {
    const show = () => startTransition(() => setLive(shown))
    show()
    return subscribe(show)
  }, [])
  return live
}

/** Whether the stream has begun: what happens from then on is heard. */
export function useIsLive(): boolean {
  const [isLive, setLive] = useState(shown.state === 'live')
  useEffect(() => {
    const show = () => setLive(shown.state === 'live')
    show()
    return subscribe(show)
  }, [])
  return isLive
}

/**
 * Hears of each event as it arrives, for what has to be read again.
 *
 * @param onBegin called when the stream begins, or goes on after a silence or without what was missed: what was read before may
 *   have changed unheard
 * @param onTime told the time of the service every second, after what happened until then
 */
export function onLiveEvents(
  listener: (events: readonly BatchEvent[]) => void,
  onBegin: () => void = () => {},
  onTime: (at: string) => void = () => {},
): () => void {
  const each = { listener, onBegin, onTime }
  heard.add(each)
  const leave = subscribe(() => {})
  return () => {
    heard.delete(each)
    leave()
  }
}
const heard = new Set<{
  listener: (events: readonly BatchEvent[]) => void
  onBegin: () => void
  onTime: (at: string) => void
}>()

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  if (!connection) void open()
  return () => {
    listeners.delete(listener)
    // The next page may want it at once.
    setTimeout(() => listeners.size === 0 && close(), 1_000)
  }
}

onSession(() => {
  close()
  shown = empty
  tell()
  if (listeners.size > 0) void open()
})

async function open(): Promise<void> {
  const controller = (connection = new AbortController())
  try {
    requireRole('viewer')
    for await (const event of liveStream(controller.signal)) {
      if (controller.signal.aborted) return
      arrived.push(event)
      redraw ??= setTimeout(draw, Math.max(0, drawnAt + redrawMs - performance.now()))
    }
  } catch (error) {
    if (controller.signal.aborted) return
    shown = { ...shown, state: 'refused', error }
    tell()
  }
}

function close(): void {
  connection?.abort()
  connection = undefined
  clearTimeout(redraw)
  redraw = undefined
  arrived = []
  shown = { ...shown, state: 'connecting', error: undefined }
}

function draw(): void {
  redraw = undefined
  drawnAt = performance.now()
  const batch = arrived
  arrived = []
  const { stats: before } = shown
  let { stats, rates, leftOut } = shown
  let begins = shown.state !== 'live' || Date.now() - shown.heardAt > silenceMs
  const events: (BatchEvent & { key: number })[] = []
  for (const { type, data } of batch) {
    if (type === 'stats') {
      stats = data as Stats
      rates = [...rates, { at: Date.parse(stats.at), perSecond: stats.new_per_second }].slice(-keptRates)
    } else if (type === 'behind') {
      leftOut += 1
      begins = true
    } else {
      events.push({ ...(data as BatchEvent), key: (seen += 1) })
    }
  }
  shown = {
    state: 'live',
    error: undefined,
    stats,
    rates,
    events: events.length === 0 ? shown.events : [...events.reverse(), ...shown.events].slice(0, keptEvents),
    seen,
    heardAt: Date.now(),
    leftOut,
  }
  if (begins) for (const { onBegin } of heard) onBegin()
  if (events.length > 0) for (const { listener } of heard) listener(events)
  if (stats && stats !== before) for (const { onTime } of heard) onTime(stats.at)
  tell()
}

const tell = () => {
  for (const listener of listeners) listener()
}
