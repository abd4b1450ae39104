import { startTransition, useEffect, useState } from 'react'
import { onLiveEvents, type BatchEvent } from '../../api/live'
import type { AuditSearch } from '../../api/audit-search'

// Bounds of what is kept: a busy sequencer sends hundreds a second.
const keptLines = 2_000

export interface Tail {
  /** The newest first. */
  lines: readonly BatchEvent[]
  /** Why nothing moves: a button was pressed, or somebody reads further below. */
  paused: false | 'by hand' | 'by scrolling'
  /** What has come since it was paused, the newest first, at most as many as are kept. */
  held: readonly BatchEvent[]
  /** How many lines have come since it was paused. */
  behind: number
  /** How many of these were too many to keep. */
  dropped: number
}

export const emptyTail: Tail = { lines: [], paused: false, held: [], behind: 0, dropped: 0 }

/** Adds what has come, the newest first. */
export function add(tail: Tail, events: readonly BatchEvent[]): Tail {
  if (events.length === 0) return tail
  if (!tail.paused) return { ...tail, lines: [...events, ...tail.lines].slice(0, keptLines) }
  return {
    ...tail,
    held: [...events, ...tail.held].slice(0, keptLines),
    behind: tail.behind + events.length,
  }
}

export const pause = (tail: Tail, why: 'by hand' | 'by scrolling'): Tail =>
  tail.paused ? tail : { ...tail, paused: why, dropped: 0 }

/** Shows what was held back. */
export const resume = ({ lines, held, behind }: Tail): Tail => ({
  lines: [...held, ...lines].slice(0, keptLines),
  paused: false,
  held: [],
  behind: 0,
  dropped: behind - held.length,
})

/** What happens to numbers while it happens, as far as it is looked for. It is drawn at most twice a second. */
export function useTail({ prefix, event }: Pick<AuditSearch, 'prefix' | 'event'>) {
  const [tail, setTail] = useState(emptyTail)
  useEffect(() => {
    return onLiveEvents((events) => {
      const wanted = events.filter(
        (each) => (prefix ?? each.prefix) === each.prefix && (event ?? each.event) === each.event,
      )
      startTransition(() => setTail((before) => add(before, wanted)))
    })
  }, [prefix, event])
  return {
    tail,
    pause: (why: 'by hand' | 'by scrolling') => setTail((before) => pause(before, why)),
    resume: () => setTail(resume),
  }
}
