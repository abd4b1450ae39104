import type { Deadline } from '@ordinal/deadline'
import type { Call } from '@ordinal/http'
import { idempotencyKeyOf } from '@ordinal/idempotency'
import type { RequestContext } from '@ordinal/middleware'

/** Who calls, with which key, and until when it waits: the same over REST and gRPC. */
export interface CallContext {
  context: RequestContext
  idempotencyKey: string | undefined
  deadline: Deadline
}

/** What of a call over REST its context is made of. */
export type RestCall = Pick<Call<never, never, never>, 'headers' | 'context' | 'deadline'>

/**
 * The context of a call over REST.
 *
 * @throws AppError `validation_failed`
 */
export const callContextOf = ({ headers, context, deadline }: RestCall): CallContext => ({
  context,
  idempotencyKey: idempotencyKeyOf(headers),
  deadline,
})
