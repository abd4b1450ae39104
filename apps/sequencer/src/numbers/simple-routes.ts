import { route, type Route } from '@ordinal/http'
import { z } from 'zod'
import { callContextOf, type RestCall } from '../api/call-context'
import { issuingErrors, replayHeaders } from '../api/schemas'
import type { NumberService } from './service'
import type { ErrorCode } from '../domain/errors'

/** `/v1/sequence`, the simplest call: 1, 2, 3. */
export function simpleRoutes(numbers: Pick<NumberService, 'issue'>): Route<ErrorCode>[] {
  const next = {
    path: '/v1/sequence',
    tag: 'numbers',
    answers: { 200: z.object({ sequence: z.int() }) },
    issues: true,
    idempotent: true,
    timed: true,
    errors: issuingErrors,
    async handle(call: RestCall) {
      const issued = await numbers.issue({ prefix: 'DEFAULT' }, callContextOf(call))
      return { status: 200 as const, body: { sequence: issued.numbers[0]!.value }, ...replayHeaders(issued) }
    },
  }
  return [
    route({
      ...next,
      method: 'post',
      summary: 'The next value of the sequence DEFAULT',
      body: z.strictObject({}).optional(),
    }),
    route({ ...next, method: 'get', summary: 'The same, for a shell; programs should use POST' }),
  ]
}
