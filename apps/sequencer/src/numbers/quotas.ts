import { RateLimiterRes } from 'rate-limiter-flexible'
import { AppError } from '../domain/errors'
import type { Logger } from '@ordinal/logging'
import { withDeadline } from '@ordinal/deadline'
import { anonymous, BoundedRateLimiterMemory, clientOf } from '@ordinal/middleware'
import type { CallContext } from '../api/call-context'
import type { Allocator } from '../ledger/allocator'
import type { Issued, IssueRequest } from '../ledger/request'
import type { KnownSequences } from '../ledger/known-sequences'
import { windowSeconds, type Quota } from './quota'
import type { SharedQuotas } from './shared-quotas'

/** How many numbers a caller may draw from a sequence in a minute; 0 for no limit. */
interface QuotaSettings {
  quotaNumbers: number
  quotaReservations: number
  anonymousQuotaNumbers: number
  anonymousQuotaReservations: number
  /** Where all instances count together; without it, each instance counts alone. */
  redisUrl: string | undefined
}

export type Quotas = ReturnType<typeof createQuotas>

/**
 * Limits what a caller draws from a sequence. Anonymous callers are counted by their address, so that one does not use up
 * the quota of another. A retry with its key counts, and is never refused.
 *
 * @param allocator issues the numbers
 */
export function createQuotas(
  settings: QuotaSettings,
  {
    sequences,
    allocator,
    log,
  }: {
    sequences: Pick<KnownSequences, 'known' | 'find'>
    allocator: Pick<Allocator, 'issue' | 'findIssued'>
    log: Logger
  },
) {
  const quota = (name: string, what: Quota['what'], perMinute: number) => ({ name, what, perMinute })
  const ofKnown = [
    quota('known-numbers', 'numbers', settings.quotaNumbers),
    quota('known-reservations', 'reservations', settings.quotaReservations),
  ].filter(({ perMinute }) => perMinute > 0)
  const ofAnonymous = [
    quota('anonymous-numbers', 'numbers', settings.anonymousQuotaNumbers),
    quota('anonymous-reservations', 'reservations', settings.anonymousQuotaReservations),
  ].filter(({ perMinute }) => perMinute > 0)
  const local = new Map(
    [...ofKnown, ...ofAnonymous].map(({ name, perMinute }) => [
      name,
      new BoundedRateLimiterMemory({ keyPrefix: name, points: perMinute, duration: windowSeconds }),
    ]),
  )
  let shared: SharedQuotas | undefined
  let connecting: Promise<void> | undefined

  /** @throws AppError `quota_exceeded` */
  async function take(quota: Quota, key: string, { count, prefix }: IssueRequest): Promise<void> {
    try {
      if (!(await shared?.take(quota, key, count))) await local.get(quota.name)!.consume(key, count)
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal
      const retryAfterSeconds = Math.max(1, Math.ceil(refusal.msBeforeNext / 1000))
      const detail = `More than ${quota.perMinute} ${quota.what} of ${prefix} in a minute; try again in ${retryAfterSeconds} s`
      throw new AppError('quota_exceeded', detail, { retryAfterSeconds })
    }
  }

  async function takeAll(
    quotas: readonly Quota[],
    request: IssueRequest,
    { context, deadline }: CallContext,
  ): Promise<void> {
    const { caller, prefix } = request
    const find = () => withDeadline(sequences.find(prefix), deadline).catch(() => undefined)
    // Names of sequences that do not exist must not fill the memory with counters.
    if (!sequences.known(prefix) && !(await find())) return
    const key = `${prefix} ${caller === anonymous ? clientOf(context.address) : caller}`
    for (const quota of quotas)
      if (quota.what === 'numbers' || request.event === 'reserve') await take(quota, key, request)
  }

  /**
   * Issues numbers within the quotas.
   *
   * @throws AppError `quota_exceeded`, and what the allocator throws
   */
  async function issue(request: IssueRequest, call: CallContext): Promise<Issued> {
    const quotas = request.caller === anonymous ? ofAnonymous : ofKnown
    if (quotas.length === 0) return allocator.issue(request, call.deadline)
    try {
      await takeAll(quotas, request, call)
    } catch (refusal) {
      const before = await allocator.findIssued(request)
      if (before) return before
      throw refusal
    }
    return allocator.issue(request, call.deadline)
  }

  return {
    issue,
    /** Begins to count together with the other instances, if there is a Redis. */
    start(): void {
      const { redisUrl } = settings
      if (redisUrl === undefined || local.size === 0) return
      // Only where it is needed: the client of Redis takes some 10 MB.
      connecting = import('./shared-quotas').then(({ connectSharedQuotas }) => {
        shared = connectSharedQuotas([...ofKnown, ...ofAnonymous], redisUrl, log)
      })
    },
    async stop(): Promise<void> {
      await connecting
      shared?.close()
    },
  }
}
