import { formatNumber, numberEvents } from '@ordinal/audit'
import type { Queryable } from '@ordinal/database'
import type { RequestContext } from '@ordinal/middleware'
import {
  groupReads,
  cursorQuery,
  idempotencyKeyOf,
  integerText,
  pieceOf,
  readCursor,
  route,
  nameText,
  timeLeftOf,
  timestamp,
  toPiece,
  type Call,
  type Route,
} from '@ordinal/service'
import { z } from 'zod'
import type { IssueForSite } from '../issue-for-site'
import type { Allocator } from '../ledger/allocator'
import type { IssueRequest } from '../ledger/request'
import { previewValues, readGaps, type Gap } from '../ledger/numbers'
import { findClosed } from '../ledger/periods'
import { requireActive, type Sequences } from '../ledger/sequences'
import { readCounter } from '../ledger/statements'
import { period } from './audit'
import { issuingErrors, maxCount, number, toNumbers } from './number'
import { prefixParams } from './prefix'
import { isWholePlace, partitionId, siteId, wholePlace } from './site-names'

const maxHoldSeconds = 30 * 24 * 60 * 60

/** The date of a document. */
export const businessDate = z.iso.date().meta({
  description: "The document's date, for back-dating; today in the sequence's time zone if not given",
})
/** What may be said of the documents that numbers are for. */
export const asked = {
  client_id: nameText(1, 200).optional().meta({ description: 'The system that asks', example: 'erp-system' }),
  generated_by: nameText(1, 200)
    .optional()
    .meta({ description: 'The person or job that it asks for', example: 'user123' }),
  business_date: businessDate.optional(),
  site_id: siteId.optional().meta({ description: 'The site that draws the number, with its partition' }),
  partition_id: partitionId.optional(),
  // Those that draw a number and keep it; /api/v1/sequence/next has the others.
  invoice_type: z.enum(['on-cycle', 'off-cycle']).optional(),
}
const hold = {
  description:
    'Reserves in place of issuing: without a confirmation within so many seconds the number is released',
}
export const holdSeconds = z.int().min(1).max(maxHoldSeconds).optional().meta(hold)
const nextQuery = z
  .strictObject({
    ...asked,
    count: integerText(1, maxCount).optional(),
    hold_seconds: integerText(1, maxHoldSeconds).optional().meta(hold),
  })
  .refine(isWholePlace, wholePlace)
const nextBody = z
  .strictObject({
    ...asked,
    count: z.int().min(1).max(maxCount).optional(),
    hold_seconds: holdSeconds,
  })
  .refine(isWholePlace, wholePlace)
  .optional()
  .transform((body) => body ?? {})

const next = z.union([number, z.object({ numbers: z.array(number) })])
const preview = number.omit({ state: true }).meta({ id: 'Preview' })

const status = z.object({
  prefix: z.string(),
  period: z.string(),
  current_counter: z.int(),
  next_counter: z.int().meta({ description: 'The value after the counter; a free one is issued before it' }),
  gaps: z.int().meta({ description: 'Values up to the counter that no document holds' }),
  reserved: z.int(),
  closed: z.literal(true).optional().meta({ description: 'Nothing more is issued in this period' }),
  database_healthy: z.boolean(),
})
const unheld = ['free', 'void'] as const
const gap = z
  .object({
    full_number: z.string(),
    counter: z.int(),
    state: z.enum(unheld),
    event: z.enum(numberEvents).meta({ description: 'What made it so' }),
    reason: z.string().nullable(),
    at: timestamp(),
  })
  .meta({ id: 'Gap' })

export interface NumberDeps {
  db: Queryable
  sequences: Sequences
  allocator: Allocator
  issueForSite: IssueForSite
}

/** Numbers by their sequence: the next ones, what they would be, where the counter is, and what it left out. */
export function numberRoutes(deps: NumberDeps & { heavyDb: Queryable }): Route[] {
  const { db, heavyDb, issueForSite } = deps
  const issuing = {
    path: '/api/v1/next/{prefix}',
    tag: 'numbers',
    params: prefixParams,
    answers: { 200: next },
    issues: true,
    idempotent: true,
    timed: true,
    errors: [...issuingErrors, 'site_unknown'] as const,
  }
  type Asked = z.output<typeof nextQuery>
  const issue = async (
    prefix: string,
    fields: Asked,
    { headers, context }: Pick<Call<never, never, never>, 'headers' | 'context'>,
  ) => {
    const request = toIssueRequest({ prefix, ...fields }, context, idempotencyKeyOf(headers))
    const issued = await issueForSite(request, timeLeftOf(headers, context))
    const numbers = toNumbers(prefix, issued)
    return {
      status: 200 as const,
      body: fields.count === undefined ? numbers[0]! : { numbers },
      ...(issued.replayed && { headers: { 'Idempotency-Replayed': 'true' } }),
    }
  }

  const statusOf = statusReader(deps)
  const dated = z.strictObject({ business_date: businessDate.optional() })

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
      path: '/api/v1/preview/{prefix}',
      tag: 'numbers',
      summary: 'What the next number would be, if nobody else came first; nothing is issued',
      params: prefixParams,
      query: dated,
      answers: { 200: preview },
      errors: ['sequence_not_found'],
      async handle({ params: { prefix }, query }) {
        const { sequence, slot } = await findSlot(deps, prefix, query.business_date)
        const { period, frame } = slot
        const [value] = (await previewValues(db, sequence.rules, period, 1)) as [number]
        return {
          status: 200,
          body: { full_number: formatNumber(frame, value), counter: value, prefix, period },
        }
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/status/{prefix}',
      tag: 'numbers',
      summary: 'Where the counter of the current period is, or of the period of a date',
      params: prefixParams,
      query: dated,
      answers: { 200: status },
      errors: ['sequence_not_found'],
      handle: async ({ params: { prefix }, query }) => ({
        status: 200,
        body: await statusOf(prefix, query.business_date),
      }),
    }),
    route({
      method: 'get',
      path: '/api/v1/gaps/{prefix}',
      tag: 'numbers',
      workload: 'heavy',
      summary: 'Values up to the counter that no document holds, and why; of the current period or another',
      params: prefixParams,
      query: z.strictObject({
        ...cursorQuery,
        period: period.optional(),
        state: z.enum(unheld).optional(),
      }),
      answers: { 200: pieceOf(gap) },
      errors: ['sequence_not_found'],
      async handle({ params: { prefix }, query }) {
        const after = readCursor(query.cursor, z.tuple([z.int()]))?.[0] ?? 0
        const period = query.period ?? (await findSlot(deps, prefix, undefined)).slot.period
        const gaps = await readGaps(heavyDb, prefix, period, query.state, after, query.page_size + 1)
        return { status: 200, body: toPiece(gaps, query.page_size, gapToJson, ({ value }) => [value]) }
      },
    }),
  ]
}

/** What a caller asks for, as the allocator takes it. */
export const toIssueRequest = (
  fields: { prefix: string } & z.output<typeof nextQuery>,
  { caller, address, requestId }: Pick<RequestContext, 'caller' | 'address' | 'requestId'>,
  idempotencyKey: string | undefined,
): IssueRequest => ({
  prefix: fields.prefix,
  event: fields.hold_seconds === undefined ? 'issue' : 'reserve',
  count: fields.count ?? 1,
  holdSeconds: fields.hold_seconds,
  caller,
  address,
  idempotencyKey,
  clientId: fields.client_id,
  generatedBy: fields.generated_by,
  businessDate: fields.business_date,
  siteId: fields.site_id,
  partitionId: fields.partition_id,
  // Else the statistics of the sites would have numbers of no type.
  invoiceType: fields.invoice_type ?? (fields.site_id === undefined ? undefined : 'on-cycle'),
  requestId,
})

/** A sequence, and the slot of a date or of now. */
async function findSlot({ sequences, allocator }: NumberDeps, prefix: string, date: string | undefined) {
  const sequence = await sequences.load(prefix)
  requireActive(sequence)
  return { sequence, slot: await allocator.slotFor(sequence, date) }
}

/**
 * Where the counter of the current period is, or of the period of a date. Who asks at the same time shares an answer, which
 * is as new as the question.
 */
export function statusReader(deps: NumberDeps) {
  const read = groupReads((key) => {
    const [prefix, date] = JSON.parse(key) as [string, string | null]
    return readStatus(deps, prefix, date ?? undefined)
  })
  return (prefix: string, date: string | undefined) => read(JSON.stringify([prefix, date ?? null]))
}

/** @throws AppError `sequence_not_found` */
async function readStatus(
  deps: NumberDeps,
  prefix: string,
  date: string | undefined,
): Promise<z.input<typeof status>> {
  const { sequence, slot } = await findSlot(deps, prefix, date)
  const counter = await readCounter(deps.db, prefix, slot.period)
  const closed = await findClosed(deps.db, prefix, slot.period)
  const lastValue = counter?.lastValue ?? sequence.rules.start - 1
  return {
    prefix,
    period: slot.period,
    current_counter: lastValue,
    next_counter: lastValue + 1,
    gaps: counter ? counter.free + counter.void : 0,
    reserved: counter?.reserved ?? 0,
    ...(closed && { closed: true as const }),
    // It has just answered.
    database_healthy: true,
  }
}

const gapToJson = ({ value, number, state, event, reason, at }: Gap): z.input<typeof gap> => ({
  full_number: number,
  counter: value,
  state,
  event,
  reason,
  at: at.toISOString(),
})
