import { route, type Route } from '@ordinal/http'
import { z } from 'zod'
import type { ErrorCode } from '../domain/errors'
import { issueTogether, itemResult, items, refuseSharedKey } from './batch'
import type { NumberService } from './service'

/** `/api/v1/numbers:batch`: numbers that are asked for together, each as if it were asked for alone. */
export const batchRoutes = (numbers: Pick<NumberService, 'issue'>): Route<ErrorCode>[] => [
  route({
    method: 'post',
    path: '/api/v1/numbers:batch',
    tag: 'numbers',
    summary: 'Issue numbers for several requests at once, each answered as by POST /api/v1/next/{prefix}',
    body: z.strictObject({ requests: items }),
    answers: { 200: z.object({ results: z.array(itemResult) }) },
    issues: true,
    timed: true,
    async handle({ body, headers, ...call }) {
      refuseSharedKey('headers.Idempotency-Key', headers['idempotency-key'])
      return { status: 200, body: { results: await issueTogether(numbers, body.requests, call) } }
    },
  }),
]
