import type { Pool } from 'pg'
import { idempotencyKeyOf, integerText, route, text, type Call, type Route } from '@ordinal/service'
import { z } from 'zod'
import { numberStates } from '../core/states'
import type { Allocator } from '../ledger/allocator'
import type { Issued } from '../ledger/request'
import type { Sequences } from '../ledger/sequences'
import { readCounter } from '../ledger/statements'
import { prefixParams } from './prefix'

const maxCount = 1000
const asked = {
  client_id: text(1, 200).optional().meta({ description: 'The system that asks', example: 'erp-system' }),
  generated_by: text(1, 200)
    .optional()
    .meta({ description: 'The person or job that it asks for', example: 'user123' }),
  business_date: z.iso.date().optional().meta({
    description: "The document's date, for back-dating; today in the sequence's time zone if not given",
  }),
}
const nextQuery = z.strictObject({ ...asked, count: integerText(1, maxCount).optional() })
const nextBody = z
  .strictObject({ ...asked, count: z.int().min(1).max(maxCount).optional() })
  .optional()
  .transform((body) => body ?? {})

const number = z
  .object({
    full_number: z.string().meta({ example: 'SG000001' }),
    counter: z.int(),
    prefix: z.string(),
    period: z.string(),
    state: z.enum(numberStates),
  })
  .meta({ id: 'Number' })
const next = z.union([number, z.object({ numbers: z.array(number) })])

const status = z.object({
  prefix: z.string(),
  period: z.string(),
  current_counter: z.int(),
  next_counter: z.int(),
  gaps: z.int(),
  reserved: z.int(),
  database_healthy: z.boolean(),
})

interface Deps {
  pool: Pool
  sequences: Sequences
  allocator: Allocator
}

/** `/api/v1/next/{prefix}` and `/api/v1/status/{prefix}`. */
export function numberRoutes({ pool, sequences, allocator }: Deps): Route[] {
  const issuing = {
    path: '/api/v1/next/{prefix}',
    tag: 'numbers',
    params: prefixParams,
    answers: { 200: next },
    issues: true,
    idempotent: true,
    errors: [
      'sequence_not_found',
      'sequence_exhausted',
      'sequencer_overloaded',
      'outcome_unknown',
      'idempotency_key_reused',
    ] as const,
  }
  type Asked = z.output<typeof nextQuery>
  const issue = async (
    prefix: string,
    fields: Asked,
    { headers, context }: Pick<Call<never, never, never>, 'headers' | 'context'>,
  ) => {
    const issued = await allocator.issue({
      prefix,
      count: fields.count ?? 1,
      caller: context.caller,
      idempotencyKey: idempotencyKeyOf(headers),
      clientId: fields.client_id,
      generatedBy: fields.generated_by,
      businessDate: fields.business_date,
      requestId: context.requestId,
    })
    const numbers = toJson(prefix, issued)
    return {
      status: 200 as const,
      body: fields.count === undefined ? numbers[0]! : { numbers },
      ...(issued.replayed && { headers: { 'Idempotency-Replayed': 'true' } }),
    }
  }

  return [
    route({
      ...issuing,
      method: 'post',
      summary: 'Issue the next number, or with `count` so many that follow each other',
      body: nextBody,
      handle: (call) => issue(call.params.prefix, call.body, call),
    }),
    route({
      ...issuing,
      method: 'get',
      summary: 'The same, for a shell; programs should use POST',
      query: nextQuery,
      handle: (call) => issue(call.params.prefix, call.query, call),
    }),
    route({
      method: 'get',
      path: '/api/v1/status/{prefix}',
      tag: 'numbers',
      summary: 'Where the counter of the current period is',
      params: prefixParams,
      answers: { 200: status },
      errors: ['sequence_not_found'],
      async handle({ params: { prefix } }) {
        const sequence = await sequences.load(prefix)
        const { period } = allocator.slotNow(sequence)
        const start = sequence.rules.start
        const counter = (await readCounter(pool, prefix, period)) ?? {
          lastValue: start - 1,
          gaps: 0,
          reserved: 0,
        }
        return {
          status: 200,
          body: {
            prefix,
            period,
            current_counter: counter.lastValue,
            next_counter: counter.lastValue + 1,
            gaps: counter.gaps,
            reserved: counter.reserved,
            database_healthy: true,
          },
        }
      },
    }),
  ]
}

const toJson = (prefix: string, { period, numbers }: Issued) =>
  numbers.map(({ value, number, state }) => ({
    full_number: number,
    counter: value,
    prefix,
    period,
    state: state,
  }))
