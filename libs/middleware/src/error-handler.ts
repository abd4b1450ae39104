import type { ErrorRequestHandler } from 'express'
import { AppError, problemMediaType, toProblem } from '@ordinal/errors'
import type { Logger } from '@ordinal/logging'
import type { RequestContext } from './request-id'

/** Gives the AppError that a library's error stands for, or undefined when it knows nothing of it. */
export type TranslateError = (error: unknown) => AppError | undefined

/** What the caller of a request is told of an error. */
export type TellError = (error: unknown, context: RequestContext) => AppError

/**
 * Tells callers of errors, and logs those that are not the caller's. Of what no translation knows, the caller learns the
 * request id and nothing else.
 */
export function errorTeller(log: Logger, translations: readonly TranslateError[]): TellError {
  return (error, { requestId, route }) => {
    const known = translate(error, translations)
    const entry = logEntryOf(error, known)
    if (entry) log[entry.level]('request failed', { request_id: requestId, route, ...entry.fields })
    return known ?? new AppError('internal_error', `An unexpected fault was logged as ${requestId}`)
  }
}

/**
 * How an error is logged: a fault of ours once, with its stack and its causes. That something cannot be served at the
 * moment was decided, or is the fault of something else: under overload thousands are told so, and a stack for each would
 * take the time that the others need. Of what a caller did wrong nothing is logged here.
 *
 * @param known the error that the caller is told, if anything is known of it
 */
export function logEntryOf(
  error: unknown,
  known: AppError | undefined,
): { level: 'error' | 'warn'; fields: Record<string, unknown> } | undefined {
  if (!known || known.status === 500) return { level: 'error', fields: { error } }
  // What was shed is counted, and logged with the others that were.
  if (known.status < 500 || known.code === 'overloaded') return undefined
  return {
    level: 'warn',
    fields: { code: known.code, detail: known.message, cause: causesOf(known) },
  }
}

/** What lies behind an error, in a line; undefined if nothing does. */
function causesOf({ cause }: Error, deepest = 5): string | undefined {
  if (deepest === 0 || !(cause instanceof Error)) return undefined
  // What Node throws when no address of a host answers has a code, and no message.
  const said = cause.message || (cause as NodeJS.ErrnoException).code || cause.name
  const behind = causesOf(cause, deepest - 1)
  return behind === undefined ? said : `${said}: ${behind}`
}

/**
 * Gives a promise where a refusal is to be answered later: of false, if the connection must close after it.
 *
 * @param connection that of the request
 */
export type HoldBackRefusal = (
  refusal: AppError,
  ip: string | undefined,
  connection: unknown,
) => Promise<boolean> | undefined

/** Answers every error as problem+json. */
export function errorHandler(
  log: Logger,
  translations: readonly TranslateError[] = [],
  holdBack?: HoldBackRefusal,
): ErrorRequestHandler {
  const tell = errorTeller(log, [...translations, fromBodyParser])
  // Express tells error handlers from others by their four parameters.
  return async (error: unknown, req, res, _next) => {
    const { requestId } = req.context
    const told = tell(error, req.context)
    // The answer has begun: cutting the connection is the only honest end.
    if (res.headersSent) return void res.destroy()

    const held = holdBack?.(told, req.ip, req.socket)
    if (held) {
      req.context.held = told.code
      if (!(await held)) res.setHeader('Connection', 'close')
      if (res.destroyed) return
    }
    res.statusCode = told.status
    if (told.retryAfterSeconds !== undefined) res.setHeader('Retry-After', String(told.retryAfterSeconds))
    for (const [name, value] of Object.entries(told.headers)) res.setHeader(name, value)
    res.setHeader('Content-Type', problemMediaType)
    res.setHeader('Cache-Control', 'no-store')
    res.end(JSON.stringify(toProblem(told, requestId)))
  }
}

function translate(error: unknown, translations: readonly TranslateError[]): AppError | undefined {
  if (error instanceof AppError) return error
  for (const translation of translations) {
    const known = translation(error)
    if (known) return known
  }
  return undefined
}

interface BodyParserError extends Error {
  type?: string
  status?: number
  expose?: boolean
  limit?: number
}

/** The errors of Express and its body parser carry a `status`, and most a `type`. */
function fromBodyParser(error: unknown): AppError | undefined {
  if (!(error instanceof Error)) return undefined
  const { type, status, expose, limit } = error as BodyParserError
  switch (type) {
    case 'entity.parse.failed':
      return new AppError('malformed_json', error.message)
    case 'entity.too.large':
      return new AppError('body_too_large', `The body has more than ${limit ?? 'the allowed'} bytes`)
    case 'charset.unsupported':
    case 'encoding.unsupported':
      return new AppError('unsupported_media_type', error.message)
    case 'request.aborted':
    case 'request.size.invalid':
      return new AppError('request_timeout', 'The body did not arrive in full')
  }
  if (error instanceof URIError) return new AppError('malformed_url', 'The path cannot be decoded')
  // Such as a body that claims to be gzip and is not. Errors of axios have a status too, which is another's.
  if (status === 400 && expose) return new AppError('malformed_json', 'The body cannot be read')
  return undefined
}
