import {
  Metadata,
  ServerInterceptingCall,
  status as codes,
  type ServerInterceptor,
  type ServerInterceptingCallInterface,
  type StatusObject,
} from '@grpc/grpc-js'
import { AppError } from '@ordinal/errors'
import { createGrpcMetrics } from '@ordinal/metrics'
import { clientAddress, clientOf, eventFields, newContext, type RequestContext } from '@ordinal/middleware'
import type { GrpcChassis } from '@ordinal/http'
import { callLimits, callTimer, createEvictingSet, type CallLimits } from './bound-call'
import { errorOfLibrary, statusOf } from './status'
import { endSpan } from './trace-call'

/** The metadata of a call that is observed, with its context: the library hands nothing else from here to a method. */
export class ObservedMetadata extends Metadata {
  constructor(
    readonly received: Metadata,
    readonly context: RequestContext,
    readonly ip: string | undefined,
  ) {
    super()
  }
}

/**
 * Gives each call its context, answers its request id, and logs and counts it once it has ended, whoever ends it: a
 * method, the library (a message over the limit), or the client. Health and reflection are asked by machines all day,
 * and are left alone.
 */
export function createCallObserver(
  { log, metrics, tracing, maxMessageBytes, trustProxy, refusals }: GrpcChassis,
  limits: CallLimits = callLimits,
) {
  const { callStarted, callServed } = createGrpcMetrics(metrics)
  const silent = createEvictingSet(limits.silent)
  const operations = createEvictingSet(limits.operations)
  const openOf = new Map<string, number>()
  const mostOfClient = Math.ceil(limits.calls / 2)
  let underWay = 0
  let open = 0

  function count(client: string, by: number): void {
    open += by
    const own = (openOf.get(client) ?? 0) + by
    if (own > 0) openOf.set(client, own)
    else openOf.delete(client)
  }

  const intercept: ServerInterceptor = ({ path }, call) => {
    const isOperation = path.startsWith('/grpc.')
    const [others, most] = isOperation ? [operations, limits.operations] : [silent, limits.silent]
    const leave = others.add(() => {
      call.sendStatus(statusOf(tooMany(most)))
      timer.closeAfter(limits.leaveMs)
    })
    let counted: string | undefined
    const timer = callTimer(call, () => {
      leave()
      if (counted !== undefined) count(counted, -1)
    })
    if (isOperation) {
      timer.closeAfter(limits.streamMs)
      return new ServerInterceptingCall(call)
    }
    timer.after(limits.arrivalMs, () => call.sendStatus(statusOf(tooSlow(limits.arrivalMs))))
    const method = path.slice(1)
    let context: RequestContext | undefined
    let ip: string | undefined
    let ended = false

    function begin(received: Metadata): ObservedMetadata {
      ip = clientAddress(addressOf(call.getPeer()), textOf(received, 'x-forwarded-for'), trustProxy)
      const given = (name: string) => textOf(received, name)
      context = newContext(given('x-request-id'), given('traceparent'), ip, tracing, given('tracestate'))
      context.route = path
      underWay += 1
      callStarted()
      return new ObservedMetadata(received, context, ip)
    }

    function end(code: codes, aborted = false): void {
      if (ended || !context) return
      ended = true
      underWay -= 1
      const { requestId, traceparent, caller, startedAt, items } = context
      const durationMs = performance.now() - startedAt
      const name = codes[code]
      callServed({ method, code: name, seconds: durationMs / 1000, traceId: context.span?.traceId })
      if (context.span) endSpan(context.span, { method, requestId, code, aborted, refused: context.refused })
      const refused = code === codes.OK || aborted ? undefined : (context.refused ?? name)
      if (refused && refusals.count({ code: refused, request_id: requestId, path, ip })) return
      log.request({
        request_id: requestId,
        trace_id: traceparent.slice(3, 35),
        method: 'gRPC',
        path,
        route: path,
        code: name,
        duration_ms: Math.round(durationMs * 1000) / 1000,
        caller,
        ip,
        ...eventFields(context, code === codes.OK),
        ...(items && { items }),
        ...(aborted && { aborted }),
      })
    }

    // Every status passes here, also those of the library itself: it calls this method on this object, past all
    // interceptors.
    const send = call.sendStatus.bind(call)
    call.sendStatus = (status) => {
      const { code = codes.UNKNOWN, details = '' } = status
      // Our own statuses have metadata, and stay as they are.
      const error = status.metadata ? undefined : errorOfLibrary(code, details, maxMessageBytes)
      const told = error ? statusOf(error) : ({ metadata: null, ...status } as StatusObject)
      end(told.code)
      send(code === codes.OK ? told : { ...told, metadata: withRequestId(told.metadata, context) })
      timer.closeAfter(limits.leaveMs)
    }

    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (received, pass) => pass(begin(received)),
          onReceiveHalfClose(pass) {
            timer.stop()
            leave()
            if (ended) return
            // Not passed on: the method would carry out what is refused.
            if (open >= limits.calls) return call.sendStatus(statusOf(tooMany(limits.calls)))
            const client = clientOf(ip)
            if ((openOf.get(client) ?? 0) >= mostOfClient)
              return call.sendStatus(statusOf(tooManyOfClient(mostOfClient)))
            count(client, 1)
            counted = client
            pass()
          },
          // Called after every end, and without one if the client disconnects, as many do at the deadline.
          onCancel: () => end(isLate(call) ? codes.DEADLINE_EXCEEDED : codes.CANCELLED, true),
        }),
      sendMetadata: (metadata, next) => next(withRequestId(metadata, context)),
    })
  }

  return { intercept, underWay: () => underWay }
}

const tooSlow = (limitMs: number) =>
  new AppError('deadline_exceeded', `The message did not arrive in ${limitMs / 1000} s`)
const tooMany = (calls: number) =>
  new AppError('rate_limited', `More than ${calls} calls are open`, { retryAfterSeconds: 1 })

const tooManyOfClient = (calls: number) =>
  new AppError('rate_limited', `More than ${calls} calls of this client are open`, { retryAfterSeconds: 1 })

const isLate = (call: ServerInterceptingCallInterface) => Number(call.getDeadline()) <= Date.now()

/** The first value of a text in metadata. */
export function textOf(metadata: Metadata, name: string): string | undefined {
  const [value] = metadata.get(name)
  return value === undefined ? undefined : String(value)
}

function withRequestId(metadata: Metadata | null, context: RequestContext | undefined): Metadata {
  const told = metadata ?? new Metadata()
  if (context) {
    told.set('x-request-id', context.requestId)
    told.set('traceparent', context.traceparent)
  }
  return told
}

/** Without the port, which the library appends to IPv6 as well, and without brackets. */
const addressOf = (peer: string) => peer.replace(/:\d+$/, '')
