import { AppError as BaseError, defineErrors, webhookErrors, type CodeOf } from '@ordinal/errors'

/** The errors that the order service answers. */
export const errorTable = defineErrors({
  ...webhookErrors,
  dead_letters_unavailable: {
    status: 503,
    title: 'The dead letters cannot be read',
    cause: 'They are in Redis (REDIS_URL), which does not answer.',
    remedy: 'Send the same request again when Redis answers; nothing of it is lost meanwhile.',
    example: 'The dead letters cannot be read: Redis does not answer',
  },
  order_not_found: {
    status: 404,
    title: 'There is no such order',
    cause: 'No order has this id or number, or the order was deleted.',
    remedy: 'Look the order up with GET /api/v1/orders.',
    example: 'There is no order 7',
  },
  user_unknown: {
    status: 422,
    title: 'The order names a user who does not exist',
    cause: 'The user service knows no user with this user_id.',
    remedy: 'Create the user first, or correct user_id.',
    example: 'User 7 does not exist',
  },
  user_inactive: {
    status: 422,
    title: 'The order names a user who is not active',
    cause: 'The user exists, but is not active and so may not order.',
    remedy: 'Activate the user with PATCH /api/v1/users/{id} {"active": true}.',
    example: 'User 7 is not active',
  },
  illegal_transition: {
    status: 409,
    title: 'The order cannot go to this status',
    cause:
      'The steps are pending → confirmed → shipped → delivered; pending and confirmed orders may be cancelled. Nothing else is allowed.',
    remedy: 'Read the order, and ask only for the step that follows its status.',
    example: 'Order 7 is shipped and cannot become cancelled',
  },
  order_numbers_exhausted: {
    status: 409,
    title: 'There are no more order numbers',
    cause:
      'The sequencer has issued all values of the sequence that orders get their numbers from (ORDER_SERVICE_SEQUENCE). The order was not taken.',
    remedy:
      'Have an administrator raise `end` of that sequence at the sequencer. Within a second after that, orders are taken again; sending them again before does not help.',
    example:
      'The order was not taken: ORD has no more values in the period 2026: they end at 500. Raise end, or define a sequence for the next range',
  },
  user_service_refuses: {
    status: 503,
    title: 'The order service may not look users up',
    cause:
      'The user service answered 401 or 403: the key of the order service (ORDER_SERVICE_API_KEY) is missing, wrong, expired, or lacks the scope users:read. The log of the order service says which.',
    remedy:
      'Operators: correct the key, its entry in API_KEYS of the user service, or API_KEYS_URL there if an administrator made the key. Callers: send the same request again later, with its Idempotency-Key.',
    example: 'User 7 cannot be verified: the user service refuses the key of the order service',
  },
  user_service_unavailable: {
    status: 503,
    title: 'The user service does not answer',
    cause: 'The user could not be verified, and was not verified a moment ago either.',
    remedy: 'Wait as long as Retry-After says, then send the same request again, with its Idempotency-Key.',
    example: 'User 7 cannot be verified now: the user service does not answer',
  },
})

export type ErrorCode = CodeOf<typeof errorTable>

/** An error that the caller gets; those that libraries throw are no instances of it: `isAppError` knows all. */
export class AppError extends BaseError<ErrorCode> {
  static override readonly table = errorTable
}
