import type { Logger } from '@ordinal/logging'
import type { RequestContext } from '@ordinal/middleware'
import { createServiceClient, type Answer, type ServiceClient, type StateChange } from '@ordinal/resilience'
import type { OrderServiceConfig } from './config'

/** What a call passes on of the request that it is made for. */
export type Trace = Pick<RequestContext, 'requestId' | 'traceparent'>

// More calls than this at once means that something is stuck: one more fails at once instead of waiting with them.
const maxConcurrent = 1000

/** The clients of the user service and the sequencer, each behind a circuit breaker that tells when it changes. */
export function createClients(config: OrderServiceConfig, log: Logger) {
  const shared = {
    timeoutMs: config.callTimeoutMs,
    maxConcurrent,
    retries: 1,
    idleSocketMs: config.keepAliveMs,
    headers: config.apiKey ? { 'X-API-Key': config.apiKey } : undefined,
    breaker: {
      resetTimeoutMs: config.breakerTimeoutMs,
      intervalMs: config.breakerIntervalMs,
      maxRequests: config.breakerMaxRequests,
      errorThresholdPercentage: 50,
      volumeThreshold: 5,
      consecutiveFailures: 5,
    },
    onStateChange({ service, state, previous }: StateChange) {
      log.warn('a circuit breaker changed its state', { breaker: service, state, previous })
    },
  }
  return {
    userService: createServiceClient({ ...shared, name: 'user-service', baseUrl: config.userServiceUrl }),
    sequencer: createServiceClient({ ...shared, name: 'sequencer', baseUrl: config.sequencerUrl }),
  }
}

/** The headers by which a call belongs to the request that it is made for. */
export const headersOf = (trace: Trace | undefined): Record<string, string> =>
  trace ? { 'X-Request-Id': trace.requestId, traceparent: trace.traceparent } : {}

/** A service answered, but not with what was asked for: its address, our key or our request is wrong. */
export class UnexpectedAnswerError extends Error {
  override readonly name = 'UnexpectedAnswerError'

  constructor({ name }: ServiceClient, { status, data }: Answer) {
    const { code, detail } = (data ?? {}) as { code?: unknown; detail?: unknown }
    const told = [code, detail].filter((part) => typeof part === 'string').join(': ')
    super(`${name} answered with ${status}${told ? `, ${told}` : ''}`)
  }
}
