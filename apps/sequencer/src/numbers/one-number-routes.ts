import { numberEvents, numberStates } from '@ordinal/audit'
import { route, timestamp, type Route } from '@ordinal/http'
import { z } from 'zod'
import { callContextOf } from '../api/call-context'
import { numberRequest } from '../api/request-fields'
import { fullNumber, prefix, replayHeaders } from '../api/schemas'
import type { HistoryEntry } from './queries'
import type { NumberReads } from './reads'
import { number, reason, toNumbers, clientFields } from './schemas'
import type { AskedStep, NumberService } from './service'
import type { ErrorCode } from '../domain/errors'

const params = z.strictObject({ number: fullNumber.meta({ example: 'SG000001' }) })
const query = z.strictObject({
  prefix: prefix
    .optional()
    .meta({ description: 'Its sequence, where several have issued such a number', example: 'SG' }),
})

const entry = z
  .object({
    revision: z.int().meta({ description: 'Counts what happened to the value' }),
    event: z.enum(numberEvents),
    state: z.enum(numberStates).meta({ description: 'After the event' }),
    full_number: z.string(),
    caller: z.string(),
    at: timestamp(),
  })
  .and(numberRequest)
const numberWithHistory = number
  .and(z.object({ history: z.array(entry).meta({ description: 'All that ever happened to the value' }) }))
  .meta({ id: 'NumberWithHistory' })

interface Deps {
  numbers: Pick<NumberService, 'change'>
  reads: Pick<NumberReads, 'history'>
}

/** `/api/v1/numbers/{number}`: one number, its history, and its next steps. */
export function oneNumberRoutes({ numbers, reads }: Deps): Route<ErrorCode>[] {
  const path = '/api/v1/numbers/{number}'
  const found = ['number_not_found', 'number_ambiguous'] as const

  const step = <Body extends z.ZodType<StepBody | undefined>>(
    event: AskedStep['event'],
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
      timed: true,
      errors: [
        ...found,
        'number_state_conflict',
        'number_held_by_another',
        'idempotency_key_reused',
        'sequencer_overloaded',
        'ledger_behind',
        'outcome_unknown',
      ],
      async handle({ params, query, body, ...call }) {
        const asked = { event, full_number: params.number, ...query, ...body }
        const changed = await numbers.change(asked, callContextOf(call))
        return {
          status: 200,
          body: toNumbers(changed.prefix, changed)[0]!,
          ...replayHeaders(changed),
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
        const { prefix, period, value: counter, history } = await reads.history(params.number, query.prefix)
        const { number: full_number, state } = history.at(-1)!
        return {
          status: 200,
          body: { full_number, counter, prefix, period, state, history: history.map(entryToJson) },
        }
      },
    }),
    step(
      'confirm',
      'Confirm a reserved number: it is issued',
      z.strictObject({ ...clientFields, reason: reason.optional() }).optional(),
    ),
    step(
      'release',
      'Release a number that no document holds: it is free, or void if the sequence is strict',
      z.strictObject({ ...clientFields, reason }),
    ),
    step(
      'void',
      'Keep an issued number out of use for ever',
      z.strictObject({ ...clientFields, reason }),
      'operator',
    ),
  ]
}

type StepBody = Pick<AskedStep, 'client_id' | 'generated_by' | 'reason'>

const entryToJson = ({ number, at, ...others }: HistoryEntry): z.input<typeof entry> => ({
  ...others,
  full_number: number,
  at: at.toISOString(),
})
