import type { Redis } from 'ioredis'
import type { CloudEvent } from '../cloud-event'
import type { Failure } from '../consumer'
import { shortened, type DeadLetter, type DeadLetters } from '../dead-letters'
import { entryOf, fieldsOf, readEntry, type Entry } from './entries'

export const deadStreamOf = (stream: string) => `${stream}:dead`

// A bound all the same: beyond it nobody reads them one by one.
const maxDead = 100_000
const atOnce = 100

/** Those of the groups of a stream, in a stream beside it. */
export function createDeadStream(redis: Redis, stream: string): DeadLetters {
  const dead = deadStreamOf(stream)

  /** What was no event to begin with stays where it is; gives how many were replayed. */
  async function replayEntry(entry: Entry): Promise<number> {
    const { event, consumer } = readDead(entry)
    if (event === undefined) return 0
    const replayed = redis
      .multi()
      .xadd(stream, '*', ...entryOf(event, consumer))
      .xdel(dead, entry[0])
    failIfRefused(await replayed.exec())
    return 1
  }

  return {
    count: () => redis.xlen(dead),

    async list(limit) {
      const entries = await redis.xrange(dead, '-', '+', 'COUNT', limit)
      return entries.map(readDead)
    },

    async replay() {
      // What dies again meanwhile is behind this one.
      const [last] = await redis.xrevrange(dead, '+', '-', 'COUNT', 1)
      let from = '-'
      let count = 0
      for (;;) {
        const entries = last ? await redis.xrange(dead, from, last[0], 'COUNT', atOnce) : []
        for (const entry of entries) count += await replayEntry(entry)
        if (entries.length < atOnce) return count
        from = `(${entries.at(-1)![0]}`
      }
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
