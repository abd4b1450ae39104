import { databaseErrorOf, type Queryable } from '@ordinal/database'
import {
  firstDeadLetter,
  type Backlog,
  type DeadLetter,
  type DeadLetters,
  type WaitingEvent,
} from '@ordinal/events'
import {
  cursorQuery,
  cursorText,
  cursorsOf,
  pieceOf,
  route,
  text,
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
const backlog = z
  .object({
    data: z.array(
      z.object({
        type: z.string(),
        source: z.string().meta({ description: 'The service that tells of it' }),
        waiting: z.int(),
        oldest_at: timestamp(),
      }),
    ),
    complete: z.boolean().meta({ description: 'False if so many wait that only the oldest are counted' }),
  })
  .meta({ id: 'EventBacklog' })
const deadLetter = z
  .object({
    id: z.string(),
    consumer: z.string().meta({ description: 'Which could not handle it' }),
    reason: z.string().meta({ description: 'Why the last attempt failed' }),
    attempts: z.int(),
    died_at: timestamp(),
    event: event.nullable().meta({ description: 'Null for an entry of the stream that was no event' }),
  })
  .meta({ id: 'DeadLetter' })

const type = text(1, 200).optional().meta({ description: 'Of the event, such as `order.created`' })
const consumer = text(1, 200).optional()

interface Deps {
  events: {
    waiting(
      db: Queryable,
      filter: { after: number; type?: string | undefined },
      take: number,
    ): Promise<WaitingEvent[]>
    backlog(db: Queryable): Promise<Backlog>
    deadLetters: DeadLetters
  }
  /** For reads, with a limit. */
  db: Queryable
}

const byPosition = cursorsOf('events', z.tuple([z.int().min(1)]))
// In the table, and in the stream of Redis: a service may have letters in both.
const byDeath = cursorsOf(
  'dead-letters',
  z.tuple([z.int().min(0), z.string().regex(/^\d{1,19}-\d{1,19}$/)]),
  [firstDeadLetter.row, firstDeadLetter.entry],
)

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
      query: z.strictObject({ ...cursorQuery, type }),
      answers: { 200: pieceOf(waitingEvent) },
      async handle({ query: { cursor, page_size, ...filter } }) {
        const [after] = byPosition.read(cursor, filter) ?? [0]
        const rows = await events.waiting(db, { after, ...filter }, page_size + 1)
        const cursorOf = ({ position }: WaitingEvent) => byPosition.write([position], filter)
        return { status: 200, body: toPiece(rows, page_size, toJson, cursorOf) }
      },
    }),
    route({
      ...all,
      method: 'get',
      path: '/api/v1/events/backlog',
      summary: 'How many events of each type wait for their delivery, and since when the oldest',
      answers: { 200: backlog },
      async handle() {
        const { types, complete } = await events.backlog(db)
        const data = types.map(({ oldestAt, ...others }) => ({
          ...others,
          oldest_at: oldestAt.toISOString(),
        }))
        return { status: 200, body: { data, complete } }
      },
    }),
    route({
      ...all,
      method: 'get',
      path: '/api/v1/events/dead-letters',
      summary: 'List the events that no attempt could deliver, oldest first',
      query: z.strictObject({
        page_size: cursorQuery.page_size,
        cursor: cursorText.optional().meta({
          description:
            '`next_cursor` of the answer before, with the same filters, or `0` for the beginning. Nothing is counted then',
        }),
        consumer,
        type,
      }),
      answers: {
        200: pieceOf(deadLetter)
          .extend({
            total: z
              .int()
              .optional()
              .meta({ description: 'How many there are in all, with that filter; not with a cursor' }),
          })
          .meta({ id: 'DeadLetters' }),
      },
      errors: ['dead_letters_unavailable'],
      async handle({ query: { page_size, cursor, ...filter } }) {
        const [row, entry] = byDeath.read(cursor ?? '0', filter)
        const [letters, total] = await orUnavailable(
          Promise.all([
            deadLetters.list(page_size + 1, filter, { row, entry }),
            cursor === undefined ? deadLetters.count(filter) : undefined,
          ]),
        )
        const cursorOf = ({ place }: (typeof letters)[number]) =>
          byDeath.write([place.row, place.entry], filter)
        const piece = toPiece(letters, page_size, toLetter, cursorOf)
        return { status: 200, body: total === undefined ? piece : { ...piece, total } }
      },
    }),
    route({
      ...all,
      method: 'post',
      path: '/api/v1/events/dead-letters/replay',
      summary: 'Deliver dead letters again, each to the consumer that could not handle it',
      body: z
        .strictObject({ id: text(1, 50).optional(), consumer, type })
        .optional()
        .meta({ description: 'Which: all that fit what is given' }),
      answers: { 200: z.object({ replayed: z.int() }).meta({ id: 'DeadLetterReplay' }) },
      errors: ['dead_letters_unavailable'],
      handle: async ({ body }) => ({
        status: 200,
        body: { replayed: await orUnavailable(deadLetters.replay(body)) },
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

const toLetter = ({ id, consumer, reason, attempts, diedAt, event }: DeadLetter) => ({
  id,
  consumer,
  reason,
  attempts,
  died_at: diedAt.toISOString(),
  event: event ? { ...event } : null,
})
