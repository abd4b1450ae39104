import { formatNumber } from '@ordinal/audit'
import { integerText, route, type Route } from '@ordinal/http'
import { z } from 'zod'
import { callContextOf, type RestCall } from '../api/call-context'
import { asked, businessDate } from '../api/request-fields'
import {
  isWholePlace,
  issuingErrors,
  maxCount,
  prefixParams,
  replayHeaders,
  wholePlace,
} from '../api/schemas'
import type { NumberReads } from './reads'
import {
  holdSeconds,
  holdSecondsText,
  number,
  range,
  rangeToJson,
  status,
  statusToJson,
  toNumbers,
} from './schemas'
import type { NumberService } from './service'
import type { ErrorCode } from '../domain/errors'

const nextQuery = z
  .strictObject({
    ...asked,
    count: integerText(1, maxCount).optional(),
    hold_seconds: holdSecondsText,
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
const preview = number.omit({ state: true }).extend(range).meta({ id: 'Preview' })

interface Deps {
  numbers: Pick<NumberService, 'issue'>
  reads: NumberReads
}

/** Numbers by their sequence: the next ones, what they would be, and where the counter is. */
export function numberRoutes({ numbers, reads }: Deps): Route<ErrorCode>[] {
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
  const issue = async (prefix: string, fields: z.output<typeof nextQuery>, call: RestCall) => {
    const issued = await numbers.issue({ prefix, ...fields }, callContextOf(call))
    const all = toNumbers(prefix, issued)
    return {
      status: 200 as const,
      body: fields.count === undefined ? all[0]! : { numbers: all },
      ...replayHeaders(issued),
    }
  }

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
      errors: ['sequence_not_found', 'period_closed', 'sequence_exhausted', 'out_of_order_date'],
      async handle({ params: { prefix }, query }) {
        const { period, frame, values, end, left } = await reads.preview(prefix, query.business_date, 1)
        const counter = values[0]!
        const full_number = formatNumber(frame, counter)
        return { status: 200, body: { full_number, counter, prefix, period, ...rangeToJson(end, left) } }
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
        body: statusToJson(prefix, await reads.status(prefix, query.business_date)),
      }),
    }),
  ]
}
