import { BurstyRateLimiter, RateLimiterRes, type RateLimiterAbstract } from 'rate-limiter-flexible'

// A client that was quiet may send this many times its limit beyond it, once in so many seconds.
const burst = { factor: 2, seconds: 60 }

/** A request that was counted. */
export interface Counted {
  /** What is left to its client, where that is known. */
  state: RateLimiterRes | null
  exceeded: boolean
}

/** Counts a request of a client. Rejects if that cannot be done. */
type CountRequest = (client: string) => Promise<Counted>

/**
 * Counts against a limit of so many requests a second, with a burst for clients that were quiet.
 *
 * @param name keeps the counters of several limits apart
 * @param create a counter in memory, or in Redis
 */
export function limitCounters(
  name: string,
  perSecond: number,
  create: (limit: { keyPrefix: string; points: number; duration: number }) => RateLimiterAbstract,
): CountRequest {
  const counters = new BurstyRateLimiter(
    create({ keyPrefix: `rate-limit:${name}:second`, points: perSecond, duration: 1 }),
    create({
      keyPrefix: `rate-limit:${name}:burst`,
      points: perSecond * burst.factor,
      duration: burst.seconds,
    }),
  )
  return async (client) => {
    try {
      return { state: await counters.consume(client), exceeded: false }
    } catch (refusal) {
      if (refusal instanceof RateLimiterRes) return { state: refusal, exceeded: true }
      throw refusal
    }
  }
}
