import { RateLimiterMemory, type IRateLimiterOptions, type RateLimiterRes } from 'rate-limiter-flexible'

// Some 5 MB. A client that is forgotten is counted from zero again, which only helps one that has ever new addresses anyway.
const mostKeys = 10_000

/**
 * Counters in memory of the keys that were counted last. The library keeps a record and a timer of each key for as long as its
 * window lasts: those of a million addresses took 450 MB.
 */
export class BoundedRateLimiterMemory extends RateLimiterMemory {
  /** The one that was counted longest ago is the first. */
  private readonly keys = new Set<string | number>()
  // One iterator for all: a new one would step over all keys that were deleted before, each time.
  private readonly oldest = this.keys.values()

  constructor(
    options: IRateLimiterOptions,
    private readonly most = mostKeys,
  ) {
    super(options)
  }

  override consume(key: string | number, points?: number): Promise<RateLimiterRes> {
    this.keys.delete(key)
    this.keys.add(key)
    if (this.keys.size > this.most) this.forgetOldest()
    return super.consume(key, points)
  }

  private forgetOldest(): void {
    const key = this.oldest.next().value!
    this.keys.delete(key)
    // Nothing to wait for: the records are in memory.
    void this.delete(key)
  }
}
