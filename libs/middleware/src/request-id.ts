import { randomUUID } from 'node:crypto'
import type { RequestHandler } from 'express'
import { parseTraceparent, parseTracestate, randomSpanId, type Span, type Tracing } from '@ordinal/tracing'
import { forwardedBasePath } from './base-path'
import { clientAddress } from './client-address'
import { addCommonHeaders } from './common-headers'
import type { CallerRole } from './caller-roles'

/** What a request does with data of persons. */
export type PersonalAction = 'read' | 'create' | 'change' | 'delete' | 'erase'

/** What is known of the request that is being served; handed to every handler. */
export interface RequestContext {
  /** The caller's X-Request-Id, or one made here. */
  requestId: string
  /** W3C Trace Context: the caller's trace goes on, with a span of our own. */
  traceparent: string
  /** The caller's, which is passed on as it is. */
  tracestate?: string | undefined
  /** The span of the request, if its trace is recorded. */
  span?: Span | undefined
  /** Who calls: the id of the API key that was sent, the subject of the token, or `anonymous`. */
  caller: string
  /** What the caller may do; undefined if nothing that needs a role. */
  role: CallerRole | undefined
  /** What its API key is limited to; undefined if it is not. */
  scopes?: readonly string[] | undefined
  /** The user that the caller is, if its role is customer. */
  userId?: number | undefined
  /** When its token or its managed key ends, in ms since 1970; undefined if it does not. */
  expiresAtMs?: number
  /** Whether its managed key has not been revoked since; undefined for any other caller. */
  mayGoOn?: (() => boolean) | undefined
  /** The client's address; undefined if its connection has gone. */
  address: string | undefined
  /** It has sent an API key that is known. */
  machine: boolean
  /** The path in front of ours, as the client knows it: `/numbers`; empty if there is none. Links begin with it. */
  basePath: string
  /** The template of the route that serves the request: the label of metrics and logs. */
  route: string
  /** Probes and scrapes are not logged. */
  quiet: boolean
  /** Its body has no time limit while bytes keep arriving. */
  unhurried: boolean
  /** Milliseconds on the clock of `performance.now()`. */
  startedAt: number
  /** The items of a batch, each with the status that it would have had as a request. */
  items?: { request_id: string; status: number }[]
  /** The code of its refusal, with which it is logged with others in a flood. */
  refused?: string
  /** Why its token was refused: for the log, and nothing of the token. */
  refusedBecause?: string
  /** What it does with data of persons, and of which users. */
  personal?: { action: PersonalAction; userIds: readonly number[] }
  /** When a streamed answer began; on the same clock. */
  answeredAt?: number
}

/** The name of callers without a key or a token. */
export const anonymous = 'anonymous'

declare module 'express-serve-static-core' {
  interface Request {
    context: RequestContext
  }
}

// Ids go into logs, headers and the ledger: visible ASCII without quotes, and short.
export const requestIdPattern = /^[A-Za-z0-9._:/+=@-]{1,128}$/

/**
 * Gives the request its context: X-Request-Id and traceparent are taken if sane, else made, and answered.
 *
 * @param trustProxy how many proxies in front are believed about the client's address, and the path that they strip
 * @param basePath that path, where they do not say it
 * @param tracing undefined if no traces are recorded
 */
export function requestContext(trustProxy = 0, basePath = '', tracing?: Tracing): RequestHandler {
  return (req, res, next) => {
    const forwarded = req.headers['x-forwarded-for'] as string | undefined
    const address = clientAddress(req.socket.remoteAddress, forwarded, trustProxy)
    const { 'x-request-id': id, traceparent: trace, tracestate } = req.headers
    req.context = newContext(id, trace, address, tracing, tracestate)
    const prefix = req.headers['x-forwarded-prefix'] as string | undefined
    req.context.basePath = forwardedBasePath(prefix, trustProxy) ?? basePath
    // A cache between here and the client must not give one the links of another.
    if (trustProxy > 0) res.setHeader('Vary', 'X-Forwarded-Prefix')
    const { requestId, traceparent } = req.context
    addCommonHeaders(res, ['X-Request-Id', requestId, 'traceparent', traceparent])
    next()
  }
}

/**
 * The context of a request that has just arrived, with what its caller sent as X-Request-Id, traceparent and tracestate. With
 * tracing, it is decided here whether the request has a span.
 */
export function newContext(
  givenId: unknown,
  givenTrace: unknown,
  address: string | undefined,
  tracing?: Tracing,
  givenState?: unknown,
): RequestContext {
  const own = randomUUID()
  const requestId = typeof givenId === 'string' && requestIdPattern.test(givenId) ? givenId : own
  const parent = parseTraceparent(givenTrace)
  // A new trace has the id that is made for its first request.
  const traceId = parent?.traceId ?? own.replaceAll('-', '')
  const spanId = randomSpanId()
  const isRecorded = tracing?.isSampled(traceId, parent?.flags)
  // Without tracing here, the next service decides by the flags of our caller.
  const flags = tracing ? (isRecorded ? '01' : '00') : (parent?.flags ?? '01')
  return {
    requestId,
    traceparent: `00-${traceId}-${spanId}-${flags}`,
    tracestate: parent && parseTracestate(givenState),
    span: isRecorded ? tracing?.begin({ traceId, spanId, parent }, 'request', 'server') : undefined,
    caller: anonymous,
    role: undefined,
    address,
    machine: false,
    basePath: '',
    route: 'unmatched',
    quiet: false,
    unhurried: false,
    startedAt: performance.now(),
  }
}
