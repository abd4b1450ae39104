import type { ErrorRequestHandler } from 'express'
import { AppError, isAppError, problemMediaType, toProblem, type AnyAppError } from '@ordinal/errors'
import type { Logger } from '@ordinal/logging'
import type { RequestContext } from './request-id'

/** Gives the AppError that a library's error stands for, or undefined when it knows nothing of it. */
export type TranslateError = (error: unknown) => AnyAppError | undefined

/** Logs an error, if it is not the caller's, and returns the one that the caller of the request gets. */
export type ReportError = (error: unknown, context: RequestContext) => AnyAppError

/** What reports errors: of one that no translation knows the caller gets the request id and nothing else. */
export function errorReporter(log: Logger, translations: readonly TranslateError[]): ReportError {
  return (error, context) => {
    const { requestId, traceparent, route } = context
    const known = translate(error, translations)
    if (known?.code === 'invalid_token') context.refusedBecause = known.message
    const entry = logEntryOf(error, known)
    if (entry) {
      const trace_id = traceparent.slice(3, 35)
      log[entry.level]('request failed', { request_id: requestId, trace_id, route, ...entry.fields })
    }
    return known ?? new AppError('internal_error', `An unexpected fault was logged as ${requestId}`)
  }
}

/**
 * How an error is logged. A fault of ours: once, with its stack and its causes. A refusal under overload, or because
 * something else does not answer: without a stack, since there may be thousands a second. A fault of the caller: not here.
 *
 * @param known the error that the caller gets; undefined if no translation knows it
 * @returns undefined if it is not logged
 */
export function logEntryOf(
  error: unknown,
  known: AnyAppError | undefined,
): { level: 'error' | 'warn'; fields: Record<string, unknown> } | undefined {
  if (!known || known.status === 500) return { level: 'error', fields: { error } }
  // Refusals of this kind are counted, and logged together.
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
 * Delays a refusal.
 *
 * @param connection that of the request
 * @returns undefined to answer at once; else resolves when to answer, to false if the connection must close then
 */
type HoldBackRefusal = (
  refusal: AnyAppError,
  ip: string | undefined,
  connection: unknown,
) => Promise<boolean> | undefined

/** Answers every error as problem+json. */
export function errorHandler(
  log: Logger,
  translations: readonly TranslateError[] = [],
  holdBack?: HoldBackRefusal,
): ErrorRequestHandler {
  const reportError = errorReporter(log, [...translations, fromBodyParser])
  // Express tells error handlers from others by their four parameters.
  return async (error: unknown, req, res, _next) => {
    const { requestId, basePath } = req.context
    const refusal = reportError(error, req.context)
    // The answer has begun: cutting the connection is the only honest end.
    if (res.headersSent) return void res.destroy()

    req.context.refused = refusal.code
    const held = holdBack?.(refusal, req.context.address, req.socket)
    if (held) {
      if (!(await held)) res.setHeader('Connection', 'close')
      if (res.destroyed) return
    }
    res.statusCode = refusal.status
    if (refusal.retryAfterSeconds !== undefined)
      res.setHeader('Retry-After', String(refusal.retryAfterSeconds))
    for (const [name, value] of Object.entries(refusal.headers)) res.setHeader(name, value)
    res.setHeader('Content-Type', problemMediaType)
    res.setHeader('Cache-Control', 'no-store')
    res.end(JSON.stringify(toProblem(refusal, requestId, basePath)))
  }
}

function translate(error: unknown, translations: readonly TranslateError[]): AnyAppError | undefined {
  if (isAppError(error)) return error
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
    case 'request.aborted':
    case 'request.size.invalid':
      return new AppError('request_timeout', 'The body did not arrive in full')
  }
  if (error instanceof URIError) return new AppError('malformed_url', 'The path cannot be decoded')
  // Such as a body that claims to be gzip and is not. Errors of axios have a status too, which is another's.
  if (status === 400 && expose) return new AppError('malformed_json', 'The body cannot be read')
  return undefined
}
