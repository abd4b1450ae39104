import { integerText, route, text, timestamp, type Route } from '@ordinal/http'
import { z } from 'zod'
import { callContextOf, type RestCall } from '../api/call-context'
import {
  fullNumber,
  issuingErrors,
  maxCount,
  partitionId,
  prefix,
  replayHeaders,
  siteId,
} from '../api/schemas'
import { global, invoiceTypes, type DrawnNumber, type DrawService, type Stats } from './draw-service'
import type { Drawn } from './usage-queries'
import type { ErrorCode } from '../domain/errors'

const invoiceType = z.enum(invoiceTypes).default('on-cycle').meta({
  description:
    'simulated: what the number would be, drawing none. suppressed: draws it and releases it at once',
})

const drawing = { site_id: siteId, partition_id: partitionId, invoice_type: invoiceType }
const nextQuery = z.strictObject({ ...drawing, count: integerText(1, maxCount).optional() })
const nextBody = z.strictObject({ ...drawing, count: z.int().min(1).max(maxCount).optional() })

const releaseBody = z
  .strictObject({
    sequence_number: z.int().min(1).optional(),
    full_number: fullNumber
      .optional()
      .meta({ description: 'In place of sequence_number, which several periods may have', example: '5' }),
    site_id: siteId,
    partition_id: partitionId,
    reason: text(1, 500).meta({ description: 'Why; it stays on record', example: 'suppressed-bill' }),
  })
  .refine((body) => (body.sequence_number === undefined) !== (body.full_number === undefined), {
    path: ['sequence_number'],
    message: 'either it or full_number must be given',
  })

const drawn = z
  .object({
    sequence_number: z.int(),
    full_number: z.string(),
    site_id: z.string(),
    partition_id: z.string(),
    invoice_type: z.enum(invoiceTypes),
    state: z
      .enum(['unused', 'issued', 'free', 'void'])
      .meta({ description: 'unused: simulated. free or void: suppressed' }),
  })
  .meta({ id: 'DrawnNumber' })

const released = z
  .object({
    sequence_number: z.int(),
    full_number: z.string(),
    site_id: z.string(),
    partition_id: z.string(),
    state: z.enum(['free', 'void']).meta({ description: 'free: it is drawn again, lowest first' }),
  })
  .meta({ id: 'ReleasedNumber' })

const share = { issued: z.int(), released: z.int(), last_at: timestamp() }
const stats = z
  .object({
    prefix: z.string(),
    period: z.string().meta({ description: 'The current one' }),
    current_counter: z.int(),
    values: z.int().meta({ description: 'Values up to the counters of all periods: of them, so many are' }),
    in_use: z.int(),
    reserved: z.int(),
    gaps: z.int().meta({ description: 'Values that no document holds: free or void' }),
    numbers_per_second: z.number().meta({ description: 'In the current period, over the last minute' }),
    issued: z.int().meta({ description: 'Numbers that sites have drawn' }),
    released: z.int().meta({ description: 'Numbers that sites have drawn and released' }),
    sites: z.array(z.object({ site_id: z.string(), ...share })),
    partitions: z.array(z.object({ site_id: z.string(), partition_id: z.string(), ...share })),
    invoice_types: z.array(z.object({ invoice_type: z.string(), ...share })),
  })
  .meta({ id: 'Stats' })

/** `/api/v1/sequence`: sites that draw on one sequence. */
export function drawRoutes(draws: DrawService): Route<ErrorCode>[] {
  async function next(asked: z.output<typeof nextQuery>, call: RestCall) {
    const drawn = await draws.draw(asked, callContextOf(call))
    return { status: 200 as const, body: answerOf(asked, drawn.numbers), ...replayHeaders(drawn) }
  }

  const drawingRoute = {
    path: '/api/v1/sequence/next',
    tag: 'sites',
    answers: { 200: z.union([drawn, z.object({ numbers: z.array(drawn) })]) },
    issues: true,
    idempotent: true,
    timed: true,
    errors: [...issuingErrors, 'site_unknown', 'simulation_off'] as const,
  }

  return [
    route({
      ...drawingRoute,
      method: 'post',
      summary: 'Draw the next number of all sites, or with `count` so many that follow each other',
      body: nextBody,
      handle: (call) => next(call.body, call),
    }),
    route({
      ...drawingRoute,
      method: 'get',
      summary: 'The same, for a browser; programs should use POST',
      query: nextQuery,
      handle: (call) => next(call.query, call),
    }),
    route({
      method: 'post',
      path: '/api/v1/sequence/release',
      tag: 'sites',
      summary: 'Release a number that this site and partition drew: a gap, which the next number fills',
      body: releaseBody,
      answers: { 200: released },
      issues: true,
      idempotent: true,
      timed: true,
      errors: [
        'number_not_found',
        'number_ambiguous',
        'number_of_another_site',
        'number_held_by_another',
        'number_state_conflict',
        'idempotency_key_reused',
        'sequencer_overloaded',
        'ledger_behind',
        'outcome_unknown',
      ],
      async handle({ body, ...call }) {
        const released = await draws.release(body, callContextOf(call))
        return {
          status: 200,
          body: {
            sequence_number: released.value,
            full_number: released.number,
            site_id: body.site_id,
            partition_id: body.partition_id,
            state: released.state as 'free' | 'void',
          },
          ...replayHeaders(released),
        }
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/sequence/stats',
      workload: 'heavy',
      tag: 'sites',
      summary: 'How much was drawn: in all, now, and by site, partition and invoice type',
      query: z.strictObject({
        prefix: prefix.default(global).meta({ description: 'Another sequence', example: 'INV' }),
      }),
      answers: { 200: stats },
      errors: ['sequence_not_found'],
      handle: async ({ query: { prefix } }) => ({
        status: 200,
        body: statsToJson(prefix, await draws.stats(prefix)),
      }),
    }),
  ]
}

function answerOf(
  { site_id, partition_id, invoice_type, count }: z.output<typeof nextQuery>,
  numbers: readonly DrawnNumber[],
) {
  const all = numbers.map(({ value, number, state }) => ({
    sequence_number: value,
    full_number: number,
    site_id,
    partition_id,
    invoice_type,
    state: state as z.input<typeof drawn>['state'],
  }))
  return count === undefined ? all[0]! : { numbers: all }
}

function statsToJson(
  prefix: string,
  { period, lastValue, totals, perSecond, usage }: Stats,
): z.input<typeof stats> {
  const { values, in_use, reserved, free, void: voided } = totals
  return {
    prefix,
    period,
    current_counter: lastValue,
    values,
    in_use,
    reserved,
    gaps: free + voided,
    numbers_per_second: perSecond,
    issued: usage.issued,
    released: usage.released,
    sites: usage.sites.map(({ site_id, ...rest }) => ({ site_id, ...shareToJson(rest) })),
    partitions: usage.partitions.map(({ site_id, partition_id, ...rest }) => ({
      site_id,
      partition_id,
      ...shareToJson(rest),
    })),
    invoice_types: usage.invoice_types.map(({ invoice_type, ...rest }) => ({
      invoice_type,
      ...shareToJson(rest),
    })),
  }
}

const shareToJson = ({ issued, released, last_at }: Drawn) => ({
  issued,
  released,
  last_at: last_at.toISOString(),
})
