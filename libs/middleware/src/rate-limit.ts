import type { ErrorRequestHandler, RequestHandler } from 'express'
import ipaddr from 'ipaddr.js'
import type { RateLimiterRes } from 'rate-limiter-flexible'
import { AppError } from '@ordinal/errors'
import type { Logger } from '@ordinal/logging'
import { BoundedRateLimiterMemory } from './bounded-counters'
import { addCommonHeaders } from './common-headers'
import { limitCounters } from './limit-counters'
import type { SharedCounters } from './shared-counters'

export interface RateLimiter {
  /** Requests a second for one client. */
  perSecond: number
  /**
   * Counts a request of a client; gives what is left to it, where that is known.
   *
   * @throws RateLimitExceeded
   */
  count: (ip: string | undefined) => Promise<RateLimiterRes | null>
  /** Begins to share the limit with the other instances, if they do. */
  start(): Promise<void>
  stop(): void
}

/** A request beyond the limit. */
class RateLimitExceeded extends AppError {
  constructor(
    readonly state: RateLimiterRes | null,
    perSecond: number,
  ) {
    const retryAfterSeconds = state ? secondsUntil(state) : 1
    const detail = `More than ${perSecond} requests in a second; try again in ${retryAfterSeconds} s`
    super('rate_limited', detail, { retryAfterSeconds })
  }
}

interface Options {
  /** Keeps the counters of several limiters apart. */
  name: string
  /** Requests a second for one client. */
  perSecond: number
  /** Where all instances count together; without it each one counts for itself. */
  redisUrl?: string | undefined
  log: Logger
}

/**
 * Limits each client to so many requests a second, with a burst for those that were quiet. While Redis does not count,
 * each instance does so for itself: that is no reason to refuse anybody.
 */
export function rateLimiter({ name, perSecond, redisUrl, log }: Options): RateLimiter {
  const countHere = limitCounters(name, perSecond, (limit) => new BoundedRateLimiterMemory(limit))
  let shared: SharedCounters | undefined

  return {
    perSecond,
    async count(ip) {
      const client = clientOf(ip)
      const { state, exceeded } = (await shared?.count(client)) ?? (await countHere(client))
      if (exceeded) throw new RateLimitExceeded(state, perSecond)
      return state
    },
    async start() {
      if (redisUrl === undefined) return
      // Who has no Redis does without its client, which takes some 10 MB.
      const { connectSharedCounters } = await import('./shared-counters')
      shared = connectSharedCounters({ name, perSecond, redisUrl, log })
    },
    stop: () => shared?.close(),
  }
}

/**
 * Limits requests, and tells in RateLimit headers what is left. Callers that are known by an API key are not limited:
 * they are our own services, and a limit on them would be one on everybody behind them.
 */
export function rateLimit({ perSecond, count }: Pick<RateLimiter, 'perSecond' | 'count'>): RequestHandler {
  const policy = String(perSecond)
  return (req, res, next) => {
    if (req.context.machine) return next()
    const tell = (state: RateLimiterRes | null) => {
      if (!state) return
      const { remainingPoints } = state
      addCommonHeaders(res, ['RateLimit-Limit', policy, 'RateLimit-Remaining', String(remainingPoints)])
      addCommonHeaders(res, ['RateLimit-Reset', String(secondsUntil(state))])
    }
    count(req.context.address).then(
      (state) => {
        tell(state)
        next()
      },
      (error: unknown) => {
        if (error instanceof RateLimitExceeded) tell(error.state)
        next(error)
      },
    )
  }
}

/**
 * Counts a request that was refused before the limit was reached, such as for a wrong key: guesses are not free.
 *
 * @param limit what counts it
 */
export function alsoWhenRefused(limit: RequestHandler): ErrorRequestHandler {
  return (refusal, req, res, next) => void limit(req, res, (limited: unknown) => next(limited ?? refusal))
}

const secondsUntil = (state: RateLimiterRes) => Math.max(1, Math.ceil(state.msBeforeNext / 1000))

/** What a client is counted by: its IPv4 address, or its IPv6 /64, since one client has a whole /64 to choose from. */
export function clientOf(ip: string | undefined): string {
  if (ip === undefined || !ipaddr.isValid(ip)) return 'unknown'
  const address = ipaddr.process(ip)
  if (address instanceof ipaddr.IPv4) return address.toString()
  return `${address.parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`
}
