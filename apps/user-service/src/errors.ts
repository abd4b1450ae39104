import { AppError as BaseError, defineErrors, type CodeOf } from '@ordinal/errors'

/** The errors that the user service answers. */
export const errorTable = defineErrors({
  user_not_found: {
    status: 404,
    title: 'There is no such user',
    cause: 'No user has this id, or the user was deleted.',
    remedy: 'Look the user up with GET /api/v1/users?search=.',
    example: 'There is no user 7',
  },
  email_taken: {
    status: 409,
    grpc: 'ALREADY_EXISTS',
    title: 'The e-mail address is taken',
    cause:
      'Another user has this e-mail address; upper and lower case make no difference, nor does a domain in its letters or as punycode.',
    remedy: 'Use another address, or delete the other user first.',
    example: 'ada@example.com belongs to another user',
  },
})

export type ErrorCode = CodeOf<typeof errorTable>

/** An error that the caller gets; those that libraries throw are no instances of it: `isAppError` knows all. */
export class AppError extends BaseError<ErrorCode> {
  static override readonly table = errorTable
}
