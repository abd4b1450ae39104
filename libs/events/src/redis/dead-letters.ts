import type { Redis } from 'ioredis'
import type { CloudEvent } from '../cloud-event'
import type { Failure } from '../consumer'
import {
  firstDeadLetter,
  shortened,
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetterStore,
} from '../dead-letters'
import { entryOf, fieldsOf, readEntry, type Entry } from './entries'

export const deadStreamOf = (stream: string) => `${stream}:dead`

// A bound all the same: beyond it nobody reads them one by one.
const maxDead = 100_000
const atOnce = 500
const idOfEntry = /^\d{1,20}-\d{1,20}$/

// Atomic: of two concurrent replays, one delivers. If XADD fails, the letter stays.
const moveBack = `
  if #redis.call('XRANGE', KEYS[2], ARGV[1], ARGV[1]) == 0 then return 0 end
  redis.call('XADD', KEYS[1], '*', unpack(ARGV, 2))
  return redis.call('XDEL', KEYS[2], ARGV[1])`

/** Those of the groups of a stream, in a stream beside it. */
export function createDeadStream(redis: Redis, stream: string): DeadLetterStore {
  const dead = deadStreamOf(stream)

  /** What was no event to begin with stays where it is; gives how many were replayed. */
  async function replayEntry(entry: Entry): Promise<number> {
    const { event, consumer } = readDead(entry)
    if (event === undefined) return 0
    return Number(await redis.eval(moveBack, 2, stream, dead, entry[0], ...entryOf(event, consumer)))
  }

  /** Oldest first, from behind an entry, those that are there when it begins: what dies meanwhile is behind them. */
  async function* entriesFor(
    { id, consumer, type }: DeadLetterFilter,
    { entry: after } = firstDeadLetter,
  ): AsyncGenerator<Entry> {
    // One of the database fits no entry.
    if (id !== undefined && !idOfEntry.test(id)) return
    const [last] = await redis.xrevrange(dead, id ?? '+', id ?? '-', 'COUNT', 1)
    if (!last) return
    for (let from = id ?? `(${after}`, isEnd = false; !isEnd;) {
      const entries = await redis.xrange(dead, from, last[0], 'COUNT', atOnce)
      for (const entry of entries) {
        const letter = readDead(entry)
        if ((consumer ?? letter.consumer) !== letter.consumer) continue
        if (type === undefined || letter.event?.type === type) yield entry
      }
      isEnd = entries.length < atOnce
      from = `(${entries.at(-1)?.[0]}`
    }
  }

  return {
    async count(filter = {}) {
      if (Object.values(filter).every((value) => value === undefined)) return redis.xlen(dead)
      const entries = entriesFor(filter)
      let count = 0
      while (!(await entries.next()).done) count += 1
      return count
    },

    async list(limit, filter = {}, after) {
      const letters: (DeadLetter & { place: { entry: string } })[] = []
      for await (const entry of entriesFor(filter, after)) {
        letters.push({ ...readDead(entry), place: { entry: entry[0] } })
        if (letters.length === limit) break
      }
      return letters
    },

    async replay(filter = {}) {
      let count = 0
      for await (const entry of entriesFor(filter)) count += await replayEntry(entry)
      return count
    },
  }
}

/** Moves an entry from those that a group has not handled to the dead letters, with the reason. */
export async function moveEntryToDeadLetters(
  redis: Redis,
  { stream, group }: { stream: string; group: string },
  entry: Entry,
  { reason }: Pick<Failure, 'reason'>,
  attempts: number,
): Promise<void> {
  const [id] = entry
  const { event = '' } = fieldsOf(entry)
  const fields = { consumer: group, reason: shortened(reason), attempts, entry: id, event }
  const moved = redis
    .multi()
    .xadd(deadStreamOf(stream), 'MAXLEN', '~', maxDead, '*', ...Object.entries(fields).flat())
    .xack(stream, group, id)
  failIfRefused(await moved.exec())
}

function failIfRefused(results: [error: Error | null, result: unknown][] | null): void {
  if (!results) throw new Error('Redis has not done a transaction')
  for (const [error] of results) if (error) throw error
}

function readDead(entry: Entry): DeadLetter {
  const { consumer = '', reason = '', attempts } = fieldsOf(entry)
  return {
    id: entry[0],
    consumer,
    reason,
    attempts: Number(attempts),
    diedAt: new Date(Number(entry[0].split('-')[0])),
    event: eventIn(entry),
  }
}

function eventIn(entry: Entry): CloudEvent | undefined {
  try {
    return readEntry(entry).event
  } catch {
    return undefined
  }
}
