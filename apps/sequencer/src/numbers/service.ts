import type { RequestFields } from '@ordinal/audit'
import { traced, type Queryable } from '@ordinal/database'
import { withDeadline } from '@ordinal/deadline'
import { AppError } from '../domain/errors'
import { authorityOf } from '../api/authority'
import type { CallContext } from '../api/call-context'
import type { Allocator } from '../ledger/allocator'
import { findNumber, type FoundNumber } from '../ledger/queries'
import {
  fieldsOf,
  fieldsOfNumbers,
  type ChangeRequest,
  type Issued,
  type IssueRequest,
} from '../ledger/request'
import { findStep } from './queries'
import type { Quotas } from './quotas'

/** New numbers, as a caller asks for them. */
interface AskedNumbers extends Omit<RequestFields, 'request_id'> {
  prefix: string
  /** `issue`, or with `hold_seconds` `reserve`, if not given. */
  event?: IssueRequest['event'] | undefined
  /** One, if not given. */
  count?: number | undefined
}

/** A step of a number, as a caller asks for it. */
export interface AskedStep extends Pick<RequestFields, 'client_id' | 'generated_by' | 'reason'> {
  event: Extract<ChangeRequest['event'], 'confirm' | 'release' | 'void'>
  full_number: string
  /** Its sequence, where several have issued such a number. */
  prefix?: string | undefined
}

interface Deps {
  db: Queryable
  allocator: Pick<Allocator, 'change' | 'findIssued'>
  quotas: Pick<Quotas, 'issue'>
  /** The sites that may draw numbers. */
  sites: {
    /** @throws AppError `site_unknown` */
    requireOpen(siteId: string, partitionId: string): Promise<unknown>
  }
}

export type NumberService = ReturnType<typeof createNumberService>

/** Issues numbers and takes them to their next state: what REST and gRPC have in common. */
export function createNumberService({ db, allocator, quotas, sites }: Deps) {
  async function requireOpenSite({ site_id, partition_id }: IssueRequest, call: CallContext): Promise<void> {
    if (site_id === undefined || partition_id === undefined) return
    await withDeadline(sites.requireOpen(site_id, partition_id), call.deadline)
  }

  return {
    /**
     * Issues numbers. A request that names a site needs one that is open; a retry gets its answer even if the site has
     * been closed since.
     *
     * @throws AppError `site_unknown`, `quota_exceeded`, and what the allocator throws
     */
    async issue(asked: AskedNumbers, call: CallContext): Promise<Issued> {
      const request = toIssueRequest(asked, call)
      try {
        await requireOpenSite(request, call)
      } catch (error) {
        const isUnknown = error instanceof AppError && error.code === 'site_unknown'
        const before = isUnknown && (await withDeadline(allocator.findIssued(request), call.deadline))
        if (before) return before
        throw error
      }
      return quotas.issue(request, call)
    },

    /**
     * Takes a number to its next state.
     *
     * @throws AppError `number_not_found`, `number_ambiguous`, and what the allocator throws
     */
    async change(asked: AskedStep, call: CallContext): Promise<Issued & { prefix: string }> {
      const { prefix, period, value } = await withDeadline(
        resolveNumber(traced(db, call.context.span), asked, call),
        call.deadline,
      )
      const { context, idempotencyKey: key } = call
      const request: ChangeRequest = {
        event: asked.event,
        prefix,
        period,
        value,
        number: asked.full_number,
        caller: context.caller,
        authority: authorityOf(context),
        key,
        request_id: context.requestId,
        span: context.span,
        ...fieldsOf(asked),
      }
      return { prefix, ...(await allocator.change(request, call.deadline)) }
    },
  }
}

function toIssueRequest(asked: AskedNumbers, { context, idempotencyKey: key }: CallContext): IssueRequest {
  return {
    prefix: asked.prefix,
    event: asked.event ?? (asked.hold_seconds === undefined ? 'issue' : 'reserve'),
    count: asked.count ?? 1,
    caller: context.caller,
    key,
    request_id: context.requestId,
    span: context.span,
    ...fieldsOfNumbers(asked),
  }
}

/**
 * The number that a step is about. A retry gets the one of its first attempt, even if another sequence has issued the
 * same text since.
 *
 * @throws AppError `number_not_found`, `number_ambiguous`
 */
async function resolveNumber(
  db: Queryable,
  { full_number, prefix }: Pick<AskedStep, 'full_number' | 'prefix'>,
  { context: { caller }, idempotencyKey }: CallContext,
): Promise<FoundNumber> {
  try {
    return await findNumber(db, full_number, prefix)
  } catch (error) {
    const isAmbiguous = error instanceof AppError && error.code === 'number_ambiguous'
    if (!isAmbiguous || idempotencyKey === undefined) throw error
    const before = await findStep(db, full_number, { caller, idempotencyKey })
    if (!before) throw error
    return before
  }
}
