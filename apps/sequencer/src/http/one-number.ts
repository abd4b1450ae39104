import { numberEvents, numberStates } from '@ordinal/audit'
import type { Queryable } from '@ordinal/database'
import { AppError } from '@ordinal/errors'
import type { RequestContext } from '@ordinal/middleware'
import { idempotencyKeyOf, route, nameText, text, timestamp, type Route } from '@ordinal/service'
import { z } from 'zod'
import type { Allocator } from '../ledger/allocator'
import type { ChangeRequest } from '../ledger/request'
import { findNumber, findStep, readHistory, type FoundNumber, type HistoryEntry } from '../ledger/numbers'
import { fullNumber, number, toNumbers } from './number'
import { authorityOf } from './authority'
import { prefix } from './prefix'

const params = z.strictObject({ number: fullNumber.meta({ example: 'SG000001' }) })
const query = z.strictObject({
  prefix: prefix
    .optional()
    .meta({ description: 'Its sequence, where several have issued such a number', example: 'SG' }),
})
/** Who asks for a step. */
export const who = {
  client_id: nameText(1, 200).optional(),
  generated_by: nameText(1, 200).optional(),
}
export const reason = text(1, 500).meta({
  description: 'Why; it stays on record',
  example: 'order cancelled',
})

const entry = z.object({
  revision: z.int().meta({ description: 'Counts what happened to the value' }),
  event: z.enum(numberEvents),
  state: z.enum(numberStates).meta({ description: 'After the event' }),
  full_number: z.string(),
  caller: z.string(),
  hold_seconds: z.int().nullable(),
  client_id: z.string().nullable(),
  generated_by: z.string().nullable(),
  site_id: z.string().nullable(),
  partition_id: z.string().nullable(),
  invoice_type: z.string().nullable(),
  business_date: z.string().nullable(),
  reason: z.string().nullable(),
  request_id: z.string().nullable(),
  at: timestamp(),
})
const numberWithHistory = number
  .extend({ history: z.array(entry).meta({ description: 'All that ever happened to the value' }) })
  .meta({ id: 'NumberWithHistory' })

export interface OneNumberDeps {
  db: Queryable
  /** For what changes nothing. */
  readDb: Queryable
  allocator: Allocator
}

/** `/api/v1/numbers/{number}`: one number, its history, and its next steps. */
export function oneNumberRoutes({ db, readDb, allocator }: OneNumberDeps): Route[] {
  const path = '/api/v1/numbers/{number}'
  const found = ['number_not_found', 'number_ambiguous'] as const

  const step = <Body extends z.ZodType<StepBody | undefined>>(
    event: 'confirm' | 'release' | 'void',
    summary: string,
    body: Body,
    requires?: 'operator',
  ) =>
    route({
      method: 'post',
      path: `${path}/${event}`,
      tag: 'numbers',
      summary,
      ...(requires && { requires }),
      params,
      query,
      body,
      answers: { 200: number },
      issues: true,
      idempotent: true,
      errors: [
        ...found,
        'number_state_conflict',
        'number_held_by_another',
        'idempotency_key_reused',
        'sequencer_overloaded',
        'outcome_unknown',
      ],
      async handle({ params, query, body, headers, context }) {
        const request = await toChangeRequest(
          db,
          event,
          { full_number: params.number, ...query, ...body },
          context,
          idempotencyKeyOf(headers),
        )
        const changed = await allocator.change(request)
        return {
          status: 200,
          body: toNumbers(request.prefix, changed)[0]!,
          ...(changed.replayed && { headers: { 'Idempotency-Replayed': 'true' } }),
        }
      },
    })

  return [
    route({
      method: 'get',
      path,
      tag: 'numbers',
      summary: 'A number: its state, and its whole history',
      params,
      query,
      answers: { 200: numberWithHistory },
      errors: found,
      async handle({ params, query }) {
        const value = await findNumber(readDb, params.number, query.prefix)
        const history = await readHistory(readDb, value)
        const { number: full_number, state } = history.at(-1)!
        const { prefix, period, value: counter } = value
        return {
          status: 200,
          body: { full_number, counter, prefix, period, state, history: history.map(entryToJson) },
        }
      },
    }),
    step(
      'confirm',
      'Confirm a reserved number: it is issued',
      z.strictObject({ ...who, reason: reason.optional() }).optional(),
    ),
    step(
      'release',
      'Release a number that no document holds after all: it is free, or void if the sequence is strict',
      z.strictObject({ ...who, reason }),
    ),
    step('void', 'Keep an issued number out of use for ever', z.strictObject({ ...who, reason }), 'operator'),
  ]
}

interface StepBody {
  client_id?: string | undefined
  generated_by?: string | undefined
  reason?: string | undefined
}

/**
 * The step that a caller asks for, as the allocator takes it.
 *
 * @throws AppError `number_not_found`, `number_ambiguous`
 */
export async function toChangeRequest(
  db: Queryable,
  event: ChangeRequest['event'],
  fields: { full_number: string; prefix?: string | undefined } & StepBody,
  context: RequestContext,
  idempotencyKey: string | undefined,
): Promise<ChangeRequest> {
  const { caller, requestId } = context
  return {
    ...(await findMeant(db, fields, caller, idempotencyKey)),
    number: fields.full_number,
    event,
    caller,
    authority: authorityOf(context),
    idempotencyKey,
    clientId: fields.client_id,
    generatedBy: fields.generated_by,
    reason: fields.reason,
    requestId,
  }
}

/** A step that is repeated means the number that it meant, also if another sequence has issued the same text since. */
async function findMeant(
  db: Queryable,
  { full_number, prefix }: { full_number: string; prefix?: string | undefined },
  caller: string,
  idempotencyKey: string | undefined,
): Promise<FoundNumber> {
  try {
    return await findNumber(db, full_number, prefix)
  } catch (error) {
    const isAmbiguous = error instanceof AppError && error.code === 'number_ambiguous'
    if (!isAmbiguous || idempotencyKey === undefined) throw error
    const before = await findStep(db, full_number, { caller, idempotencyKey })
    if (!before) throw error
    return before
  }
}

const entryToJson = ({ number, at, ...others }: HistoryEntry): z.input<typeof entry> => ({
  ...others,
  full_number: number,
  at: at.toISOString(),
})
