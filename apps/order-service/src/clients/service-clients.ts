import type { Deadline } from '@ordinal/deadline'
import type { Logger } from '@ordinal/logging'
import type { RequestContext } from '@ordinal/middleware'
import {
  createServiceClient,
  type Answer,
  type ClientCertificates,
  type ServiceClient,
  type StateChange,
} from '@ordinal/resilience'

/** Where the two services are, and how they are called. */
interface ClientSettings {
  userServiceUrl: string
  sequencerUrl: string
  apiKey?: string | undefined
  callTimeoutMs: number
  keepAliveMs: number
  breakerTimeoutMs: number
  breakerIntervalMs: number
  breakerMaxRequests: number
  /** What is shown to both, and what they are checked against. */
  certificates?: ClientCertificates | undefined
}

/** What a call passes on of the request that it is made for. */
export type Trace = Pick<RequestContext, 'requestId' | 'traceparent' | 'tracestate' | 'span'>

// More calls than this at once means that something is stuck: one more fails at once instead of waiting with them.
const maxConcurrent = 1000

/** The clients of the user service and the sequencer, each behind a circuit breaker that logs its changes. */
export function createClients(settings: ClientSettings, log: Logger) {
  const shared = {
    timeoutMs: settings.callTimeoutMs,
    maxConcurrent,
    retries: 1,
    idleSocketMs: settings.keepAliveMs,
    certificates: settings.certificates,
    headers: settings.apiKey ? { 'X-API-Key': settings.apiKey } : undefined,
    breaker: {
      resetTimeoutMs: settings.breakerTimeoutMs,
      intervalMs: settings.breakerIntervalMs,
      maxRequests: settings.breakerMaxRequests,
      errorThresholdPercentage: 50,
      volumeThreshold: 5,
      consecutiveFailures: 5,
    },
    onStateChange({ service, state, previous }: StateChange) {
      log.warn('a circuit breaker changed its state', { breaker: service, state, previous })
    },
  }
  return {
    userService: createServiceClient({ ...shared, name: 'user-service', baseUrl: settings.userServiceUrl }),
    sequencer: createServiceClient({ ...shared, name: 'sequencer', baseUrl: settings.sequencerUrl }),
  }
}

// What is kept of the caller's time for a commit and the answer.
const answerMs = 100

/** Until when a call must have ended for the answer of its caller to come in time. */
export const deadlineOfCall = (deadline: Deadline): Deadline =>
  deadline.within(deadline.remainingMs() - answerMs)

/** The headers by which a call belongs to the request that it is made for. */
export function headersOf(trace: Trace | undefined): Record<string, string> {
  if (!trace) return {}
  const { requestId, traceparent, tracestate } = trace
  return { 'X-Request-Id': requestId, traceparent, ...(tracestate !== undefined && { tracestate }) }
}

/** The code of an answer that is an error. */
export const codeOf = ({ data }: Answer) => (data as { code?: unknown } | undefined)?.code

/** A service answered, but not with what was asked for: its address, our key or our request is wrong. */
export class UnexpectedAnswerError extends Error {
  override readonly name = 'UnexpectedAnswerError'
  /** It does not know our key, or that may not do this. */
  readonly isRefusal: boolean

  constructor({ name }: ServiceClient, { status, data }: Answer) {
    const { code, detail } = (data ?? {}) as { code?: unknown; detail?: unknown }
    const reason = [code, detail].filter((part) => typeof part === 'string').join(': ')
    const isRefusal = status === 401 || status === 403
    const remedy = isRefusal
      ? '; look at ORDER_SERVICE_API_KEY, and at its entry in API_KEYS there, or at API_KEYS_URL'
      : ''
    super(`${name} answered with ${status}${reason ? `, ${reason}` : ''}${remedy}`)
    this.isRefusal = isRefusal
  }
}
