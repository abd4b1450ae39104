import { idempotencyKeyOf, route, type Call, type Route } from '@ordinal/service'
import { z } from 'zod'
import type { Allocator } from '../ledger/allocator'
import { issuingErrors } from './number'

/** `/v1/sequence`, the simplest call: 1, 2, 3. */
export function simpleRoutes({ issue }: Pick<Allocator, 'issue'>): Route[] {
  const next = {
    path: '/v1/sequence',
    tag: 'numbers',
    answers: { 200: z.object({ sequence: z.int() }) },
    issues: true,
    idempotent: true,
    errors: issuingErrors,
    async handle({ headers, context }: Pick<Call<never, never, never>, 'headers' | 'context'>) {
      const { numbers, replayed } = await issue({
        prefix: 'DEFAULT',
        event: 'issue',
        count: 1,
        caller: context.caller,
        address: context.address,
        idempotencyKey: idempotencyKeyOf(headers),
        requestId: context.requestId,
      })
      return {
        status: 200 as const,
        body: { sequence: numbers[0]!.value },
        ...(replayed && { headers: { 'Idempotency-Replayed': 'true' } }),
      }
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
