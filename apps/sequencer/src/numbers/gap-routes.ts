import { numberEvents } from '@ordinal/audit'
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
import { period, prefixParams } from '../api/schemas'
import type { ErrorCode } from '../domain/errors'
import { maxBuckets, type GapMap } from './gap-map-queries'
import type { Gap } from './queries'
import type { NumberReads } from './reads'

/** Gaps are listed by their values. */
const gapCursors = cursorsOf('gaps', z.tuple([z.int().min(1)]))
const unheld = ['free', 'void'] as const
const gap = z
  .object({
    full_number: z.string(),
    counter: z.int(),
    state: z.enum(unheld),
    event: z.enum(numberEvents).meta({ description: 'What made it so' }),
    reason: z.string().nullable(),
    caller: z.string(),
    at: timestamp(),
  })
  .meta({ id: 'Gap' })

const stretch = { from: integerText(1).optional(), to: integerText(1).optional() }
const counts = { free: z.int(), void: z.int(), reserved: z.int() }
const map = z
  .object({
    period: z.string(),
    periods: z.array(z.string()).meta({ description: 'The latest, latest first' }),
    first_value: z.int(),
    last_value: z.int(),
    ...counts,
    from: z.int(),
    to: z.int(),
    bucket_size: z.int(),
    counted_to: z.int().meta({ description: 'A bucket with so many of a state may have more' }),
    buckets: z.array(z.object({ from: z.int(), ...counts })).meta({ description: 'Those with any' }),
    leases: z
      .array(
        z.object({
          full_number: z.string(),
          counter: z.int(),
          caller: z.string(),
          at: timestamp(),
          expires_at: timestamp(),
        }),
      )
      .meta({ description: 'The first 100' }),
  })
  .meta({ id: 'GapMap' })

/** Values up to the counter that no document holds: as a list, and as a map of the whole range. */
export function gapRoutes(reads: Pick<NumberReads, 'gaps' | 'gapMap'>): Route<ErrorCode>[] {
  const reading = {
    method: 'get',
    tag: 'numbers',
    workload: 'heavy',
    params: prefixParams,
    errors: ['sequence_not_found'],
  } as const
  return [
    route({
      ...reading,
      path: '/api/v1/gaps/{prefix}',
      summary: 'Values up to the counter that no document holds, and why',
      query: z.strictObject({
        ...cursorQuery,
        period: period.optional(),
        state: z.enum(unheld).optional(),
        ...stretch,
      }),
      answers: { 200: pieceOf(gap) },
      async handle({ params: { prefix }, query: { cursor, page_size, period, state, from = 1, to } }) {
        const filter = { prefix, period, state }
        const after = gapCursors.read(cursor, filter)?.[0] ?? 0
        const gaps = await reads.gaps({
          ...filter,
          after: Math.max(after, from - 1),
          to,
          limit: page_size + 1,
        })
        const cursorOf = ({ value }: Gap) => gapCursors.write([value], filter)
        return { status: 200, body: toPiece(gaps, page_size, gapToJson, cursorOf) }
      },
    }),
    route({
      ...reading,
      path: '/api/v1/gaps/{prefix}/map',
      summary: 'How many values of each stretch are free, void or reserved',
      query: z.strictObject({
        period: period.optional(),
        ...stretch,
        buckets: integerText(1, maxBuckets)
          .default(200)
          .meta({ override: { default: 200 } }),
      }),
      answers: { 200: map },
      handle: async ({ params: { prefix }, query }) => ({
        status: 200,
        body: mapToJson(await reads.gapMap({ prefix, ...query })),
      }),
    }),
  ]
}

const gapToJson = ({ value, number, state, event, reason, caller, at }: Gap): z.input<typeof gap> => ({
  full_number: number,
  counter: value,
  state,
  event,
  reason,
  caller,
  at: at.toISOString(),
})

const mapToJson = ({ leases, ...map }: GapMap) => ({
  ...map,
  leases: leases.map(({ at, expires_at, ...lease }) => ({
    ...lease,
    at: at.toISOString(),
    expires_at: expires_at.toISOString(),
  })),
})
