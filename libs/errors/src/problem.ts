import type { AnyAppError, FieldError } from './app-error'

/** The media type of every error answer. */
export const problemMediaType = 'application/problem+json'

/** An error as it is answered: RFC 9457, with our `code`, `request_id` and `errors`. */
export interface Problem {
  type: string
  title: string
  status: number
  detail: string
  code: string
  request_id: string
  errors?: FieldError[]
}

/**
 * The answer for an error.
 *
 * @param error what went wrong
 * @param requestId the id under which the request was logged
 * @param basePath the path in front of ours, as the client knows it
 */
export function toProblem(error: AnyAppError, requestId: string, basePath = ''): Problem {
  const { status, title } = error.kind
  return {
    type: `${basePath}/errors/${error.code}`,
    title,
    status,
    detail: error.message,
    code: error.code,
    request_id: requestId,
    ...(error.errors && { errors: [...error.errors] }),
  }
}
