import { itemsOf, problem, type ItemAnswer, type RunItems } from '@ordinal/http'
import { requestIdPattern, type RequestContext } from '@ordinal/middleware'
import type { Deadline } from '@ordinal/deadline'
import { z } from 'zod'
import { asked } from '../api/request-fields'
import { isWholePlace, prefix, wholePlace } from '../api/schemas'
import { AppError } from '../domain/errors'
import type { Issued } from '../ledger/request'
import { holdSeconds, number, toNumbers } from './schemas'
import type { NumberService } from './service'

// A body of the usual limit (`BODY_LIMIT_BYTES`) has 1 kB for each.
const mostItems = 100
const longestTimeoutMs = 3_600_000

/** One of the numbers that are asked for together: what a request for it alone has in path, body and headers. */
const item = z
  .strictObject({
    prefix,
    ...asked,
    hold_seconds: holdSeconds,
    idempotency_key: z
      .string()
      .max(255)
      .regex(/^[\x21-\x7e]+$/, 'must be visible ASCII characters, such as those of a UUID')
      .optional()
      .meta({ description: 'As the header Idempotency-Key of a request for one number' }),
    request_id: z
      .string()
      .regex(requestIdPattern, 'must be 1 to 128 of A-Z a-z 0-9 . _ : / + = @ -')
      .optional()
      .meta({ description: 'The request that the number is for, on record; that of the call if not given' }),
    timeout_ms: z
      .int()
      .min(1)
      .max(longestTimeoutMs)
      .optional()
      .meta({ description: 'For how long this one is wanted' }),
  })
  .refine(isWholePlace, wholePlace)

/** The numbers that are asked for together, each read by itself. */
export const items = itemsOf(item, mostItems)

/** The answer to one of them: its number, or its problem. */
export const itemResult = z
  .object({
    number: number.optional(),
    replayed: z.literal(true).optional().meta({ description: 'As the header Idempotency-Replayed' }),
    problem: problem.optional(),
    retry_after_seconds: z.int().optional().meta({ description: 'As the header Retry-After' }),
  })
  .meta({ id: 'NumberResult' })

interface BatchCall {
  context: RequestContext
  deadline: Deadline
  runItems: RunItems
}

/**
 * Issues numbers that are asked for together: all requests are with the allocator at once, so that those of a sequence
 * share a commit, and each has its own answer, in the place of its request.
 */
export async function issueTogether(
  numbers: Pick<NumberService, 'issue'>,
  asked: z.output<typeof items>,
  { context, deadline, runItems }: BatchCall,
): Promise<z.input<typeof itemResult>[]> {
  const answers = await runItems(asked, context, async (item, context) => {
    const { prefix, idempotency_key: idempotencyKey, timeout_ms: timeoutMs, ...fields } = item
    const lateMs = performance.now() - context.startedAt
    const ofItem = timeoutMs === undefined ? deadline : deadline.within(timeoutMs - lateMs)
    const issued = await numbers.issue({ prefix, ...fields }, { context, idempotencyKey, deadline: ofItem })
    return { prefix, issued }
  })
  return answers.map(toResult)
}

function toResult(answer: ItemAnswer<{ prefix: string; issued: Issued }>): z.input<typeof itemResult> {
  if ('value' in answer) {
    const { prefix, issued } = answer.value
    return { number: toNumbers(prefix, issued)[0]!, ...(issued.replayed && { replayed: true }) }
  }
  const { problem, retryAfterSeconds } = answer
  return { problem, ...(retryAfterSeconds !== undefined && { retry_after_seconds: retryAfterSeconds }) }
}

/**
 * One key for all would say nothing of each, and a caller that sends one takes the batch for safe to repeat.
 *
 * @throws AppError `validation_failed`
 */
export function refuseSharedKey(path: string, key: unknown): void {
  if (key === undefined) return
  const message = 'is of no use here: give each request its own idempotency_key'
  throw new AppError('validation_failed', `${path}: ${message}`, { errors: [{ path, message }] })
}
