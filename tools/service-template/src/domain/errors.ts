import { AppError as BaseError, defineErrors, type CodeOf } from '@ordinal/errors'

/** The errors that the sample service answers. */
export const errorTable = defineErrors({
  demo_widget_not_found: {
    status: 404,
    title: 'There is no such demo widget',
    cause: 'No demo widget has this id, or it was deleted.',
    remedy: 'List them with GET /api/v1/demo-widgets.',
    example: 'There is no demo widget 7',
  },
})

export type ErrorCode = CodeOf<typeof errorTable>

/** An error that the caller gets; those that libraries throw are no instances of it: `isAppError` knows all. */
export class AppError extends BaseError<ErrorCode> {
  static override readonly table = errorTable
}
