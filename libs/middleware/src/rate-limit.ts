import type { ErrorRequestHandler, RequestHandler } from 'express'
import ipaddr from 'ipaddr.js'
import { BurstyRateLimiter, RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { AppError } from '@ordinal/errors'

// A client that was quiet may send this many times its limit beyond it, once in so many seconds.
const burst = { factor: 2, seconds: 60 }

export interface RateLimiter {
  /** Requests a second for one client. */
  perSecond: number
  /**
   * Counts a request of a client; gives what is left to it, where that is known.
   *
   * @throws RateLimitExceeded
   */
  count: (ip: string | undefined) => Promise<RateLimiterRes | null>
}

/** A request beyond the limit. */
export class RateLimitExceeded extends AppError {
  constructor(
    readonly state: RateLimiterRes,
    perSecond: number,
  ) {
    const retryAfterSeconds = secondsUntil(state)
    const detail = `More than ${perSecond} requests in a second; try again in ${retryAfterSeconds} s`
    super('rate_limited', detail, { retryAfterSeconds })
  }
}

/**
 * Limits each client to so many requests a second, with a burst for those that were quiet.
 *
 * @param name keeps the counters of several limiters apart
 * @param perSecond requests a second for one client
 */
export function rateLimiter(name: string, perSecond: number): RateLimiter {
  const limiter = new BurstyRateLimiter(
    new RateLimiterMemory({ keyPrefix: `${name}:second`, points: perSecond, duration: 1 }),
    new RateLimiterMemory({
      keyPrefix: `${name}:burst`,
      points: perSecond * burst.factor,
      duration: burst.seconds,
    }),
  )
  return {
    perSecond,
    count: (ip) =>
      limiter.consume(clientOf(ip)).catch((refusal: unknown) => {
        throw refusal instanceof RateLimiterRes ? new RateLimitExceeded(refusal, perSecond) : refusal
      }),
  }
}

/**
 * Limits requests, and tells in RateLimit headers what is left. Callers that are known by an API key are not limited:
 * they are our own services, and a limit on them would be one on everybody behind them.
 */
export function rateLimit({ perSecond, count }: RateLimiter): RequestHandler {
  const policy = String(perSecond)
  return (req, res, next) => {
    if (req.context.machine) return next()
    const tell = (state: RateLimiterRes) => {
      res.setHeader('RateLimit-Limit', policy)
      res.setHeader('RateLimit-Remaining', String(state.remainingPoints))
      res.setHeader('RateLimit-Reset', String(secondsUntil(state)))
    }
    count(req.ip).then(
      (state) => {
        if (state) tell(state)
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
