import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { AppError } from '@ordinal/errors'
import type { Logger } from '@ordinal/logging'
import { anonymous, clientOf } from '@ordinal/middleware'
import type { Allocator } from './ledger/allocator'
import type { Issued, IssueRequest } from './ledger/request'
import type { Sequences } from './ledger/sequences'
import type { SharedQuotas } from './shared-quotas'

/** How much a caller may draw from a sequence in a minute; 0 for no limit. */
export interface QuotaSettings {
  quotaNumbers: number
  quotaReservations: number
  anonymousQuotaNumbers: number
  anonymousQuotaReservations: number
  /** Where all instances count together; without it each one counts for itself. */
  redisUrl: string | undefined
}

/** One of the quotas. */
export interface Quota {
  /** Keeps its counters apart from those of others. */
  name: string
  /** What is counted, as the error names it. */
  what: 'numbers' | 'reservations'
  perMinute: number
}

export type Quotas = ReturnType<typeof createQuotas>

/** The window of all quotas. */
export const windowSeconds = 60

/**
 * Bounds what a caller draws from a sequence. Anonymous callers are counted by their address: one must not use up what
 * another may have. A retry with its key counts, and is never refused.
 *
 * @param allocator what issues numbers to those who may have them
 */
export function createQuotas(
  settings: QuotaSettings,
  {
    sequences,
    allocator,
    log,
  }: {
    sequences: Pick<Sequences, 'known' | 'load'>
    allocator: Pick<Allocator, 'issue' | 'findIssued'>
    log: Logger
  },
) {
  const quota = (name: string, what: Quota['what'], perMinute: number) => ({ name, what, perMinute })
  const known = [
    quota('known-numbers', 'numbers', settings.quotaNumbers),
    quota('known-reservations', 'reservations', settings.quotaReservations),
  ].filter(({ perMinute }) => perMinute > 0)
  const strangers = [
    quota('anonymous-numbers', 'numbers', settings.anonymousQuotaNumbers),
    quota('anonymous-reservations', 'reservations', settings.anonymousQuotaReservations),
  ].filter(({ perMinute }) => perMinute > 0)
  const here = new Map(
    [...known, ...strangers].map(({ name, perMinute }) => [
      name,
      new RateLimiterMemory({ keyPrefix: name, points: perMinute, duration: windowSeconds }),
    ]),
  )
  let shared: SharedQuotas | undefined

  /** @throws AppError `quota_exceeded` */
  async function take(quota: Quota, key: string, { count, prefix }: IssueRequest): Promise<void> {
    try {
      if (!(await shared?.take(quota, key, count))) await here.get(quota.name)!.consume(key, count)
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal
      const retryAfterSeconds = Math.max(1, Math.ceil(refusal.msBeforeNext / 1000))
      const detail = `More than ${quota.perMinute} ${quota.what} of ${prefix} in a minute; try again in ${retryAfterSeconds} s`
      throw new AppError('quota_exceeded', detail, { retryAfterSeconds })
    }
  }

  async function takeAll(quotas: readonly Quota[], request: IssueRequest): Promise<void> {
    const { caller, prefix, address } = request
    // Names that are no sequence's must not fill the memory with counters.
    if (!sequences.known(prefix) && !(await sequences.load(prefix).catch(() => undefined))) return
    const key = `${prefix} ${caller === anonymous ? clientOf(address) : caller}`
    for (const quota of quotas)
      if (quota.what === 'numbers' || request.event === 'reserve') await take(quota, key, request)
  }

  /**
   * As `issue` of the allocator, within the quotas.
   *
   * @throws AppError `quota_exceeded`, and what that throws
   */
  async function issue(request: IssueRequest, timeoutMs?: number): Promise<Issued> {
    const quotas = request.caller === anonymous ? strangers : known
    if (quotas.length === 0) return allocator.issue(request, timeoutMs)
    try {
      await takeAll(quotas, request)
    } catch (refusal) {
      const before = await allocator.findIssued(request)
      if (before) return before
      throw refusal
    }
    return allocator.issue(request, timeoutMs)
  }

  return {
    issue,
    /** Begins to share the counters with the other instances, if they do. */
    start(): void {
      const { redisUrl } = settings
      if (redisUrl === undefined || here.size === 0) return
      // Who has no Redis does without its client, which takes some 10 MB.
      void import('./shared-quotas').then(({ connectSharedQuotas }) => {
        shared = connectSharedQuotas([...known, ...strangers], redisUrl, log)
      })
    },
    stop: () => Promise.resolve(shared?.close()),
  }
}
