import { databaseErrorOf, type Queryable } from '@ordinal/database'
import type { DeadLetter, DeadLetters, WaitingEvent } from '@ordinal/events'
import {
  cursorQuery,
  cursorsOf,
  integerText,
  pieceOf,
  route,
  timestamp,
  toPiece,
  type Route,
} from '@ordinal/http'
import { z } from 'zod'
import { AppError, type ErrorCode } from '../domain/errors'

const event = z
  .object({ id: z.string(), type: z.string(), subject: z.string() })
  .loose()
  .meta({ id: 'Event', description: 'A CloudEvent: its JSON Schema is at `/schemas/{type}`' })
const waitingEvent = z
  .object({
    event,
    consumer: z
      .string()
      .nullable()
      .meta({ description: 'The one that a replayed event is for; null for all' }),
    attempts: z.int(),
    due_at: timestamp().meta({ description: 'When it is tried next, if it is not under way' }),
    created_at: timestamp(),
  })
  .meta({ id: 'WaitingEvent' })
const deadLetter = z
  .object({
    consumer: z.string().meta({ description: 'Which could not handle it' }),
    reason: z.string().meta({ description: 'Why the last attempt failed' }),
    attempts: z.int(),
    died_at: timestamp(),
    event: event.nullable().meta({ description: 'Null for an entry of the stream that was no event' }),
  })
  .meta({ id: 'DeadLetter' })

interface Deps {
  events: {
    waiting(db: Queryable, after: number, take: number): Promise<WaitingEvent[]>
    deadLetters: DeadLetters
  }
  /** For reads, with a limit. */
  db: Queryable
}

const byPosition = cursorsOf('events', z.tuple([z.int().min(1)]))

/** `/api/v1/events`: what waits in the outbox, and what no consumer could handle. */
export function eventRoutes({ events, db }: Deps): Route<ErrorCode>[] {
  const { deadLetters } = events
  const all = { tag: 'events', requires: 'admin' } as const
  return [
    route({
      ...all,
      method: 'get',
      path: '/api/v1/events',
      summary: 'List the events that wait for their delivery, oldest first',
      query: z.strictObject(cursorQuery),
      answers: { 200: pieceOf(waitingEvent) },
      async handle({ query: { cursor, page_size } }) {
        const [after] = byPosition.read(cursor) ?? [0]
        const rows = await events.waiting(db, after, page_size + 1)
        const body = toPiece(rows, page_size, toJson, ({ position }) => byPosition.write([position]))
        return { status: 200, body }
      },
    }),
    route({
      ...all,
      method: 'get',
      path: '/api/v1/events/dead-letters',
      summary: 'List the events that no attempt could deliver, oldest first',
      query: z.strictObject({
        limit: integerText(1, 1000)
          .default(100)
          .meta({ override: { default: 100 } }),
      }),
      answers: {
        200: z
          .object({
            data: z.array(deadLetter),
            total: z.int().meta({ description: 'How many there are in all' }),
          })
          .meta({ id: 'DeadLetters' }),
      },
      errors: ['dead_letters_unavailable'],
      async handle({ query: { limit } }) {
        const [letters, total] = await orUnavailable(
          Promise.all([deadLetters.list(limit), deadLetters.count()]),
        )
        return { status: 200, body: { data: letters.map(toLetter), total } }
      },
    }),
    route({
      ...all,
      method: 'post',
      path: '/api/v1/events/dead-letters/replay',
      summary: 'Deliver all dead letters again, each to the consumer that could not handle it',
      answers: { 200: z.object({ replayed: z.int() }).meta({ id: 'DeadLetterReplay' }) },
      errors: ['dead_letters_unavailable'],
      handle: async () => ({
        status: 200,
        body: { replayed: await orUnavailable(deadLetters.replay()) },
      }),
    }),
  ]
}

/** Errors of the database are known elsewhere; what is left is Redis. */
function orUnavailable<T>(answer: Promise<T>): Promise<T> {
  return answer.catch((cause: unknown) => {
    if (databaseErrorOf(cause)) throw cause
    const detail = 'The dead letters cannot be read: Redis does not answer'
    throw new AppError('dead_letters_unavailable', detail, { retryAfterSeconds: 5, cause })
  })
}

const toJson = ({ event, consumer, attempts, dueAt, createdAt }: WaitingEvent) => ({
  event: { ...event },
  consumer,
  attempts,
  due_at: dueAt.toISOString(),
  created_at: createdAt.toISOString(),
})

const toLetter = ({ consumer, reason, attempts, diedAt, event }: DeadLetter) => ({
  consumer,
  reason,
  attempts,
  died_at: diedAt.toISOString(),
  event: event ? { ...event } : null,
})
