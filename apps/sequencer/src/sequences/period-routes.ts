import { route, timestamp, type Route } from '@ordinal/http'
import { z } from 'zod'
import { prefix } from '../api/schemas'
import { reason } from '../api/versions'
import type { SequenceService } from './service'
import type { ErrorCode } from '../domain/errors'

const period = z
  .string()
  .regex(
    /^(FY)?\d{4}$|^\d{4}-(Q[1-4]|W\d{2}|\d{2}(-\d{2})?)$/,
    'is no period; they are written as in 2026, FY2026, 2026-Q4, 2026-11, 2026-W47 or 2026-11-21',
  )
  .meta({ example: '2025' })

const closed = z
  .object({
    prefix: z.string(),
    period: z.string(),
    closed_at: timestamp(),
    closed_by: z.string(),
    reason: z.string(),
  })
  .meta({ id: 'ClosedPeriod' })

/** The end of a period. */
export function periodRoutes(sequences: Pick<SequenceService, 'closePeriod'>): Route<ErrorCode>[] {
  return [
    route({
      method: 'post',
      path: '/api/v1/sequences/{prefix}/periods/{period}/close',
      tag: 'sequences',
      summary: 'Close a period that is over: nothing more is issued in it, for good',
      requires: 'operator',
      params: z.strictObject({ prefix, period }),
      body: z.strictObject({ reason }),
      answers: { 200: closed },
      errors: ['sequence_not_found', 'period_not_over', 'ledger_behind', 'outcome_unknown'],
      async handle({ params, body, context: { caller, requestId } }) {
        const author = { by: caller, reason: body.reason, requestId }
        const is = await sequences.closePeriod(params.prefix, params.period, author)
        return {
          status: 200,
          body: {
            prefix: is.prefix,
            period: is.period,
            closed_at: is.closedAt.toISOString(),
            closed_by: is.closedBy,
            reason: is.reason,
          },
        }
      },
    }),
  ]
}
