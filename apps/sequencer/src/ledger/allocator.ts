import { randomBytes } from 'node:crypto'
import type { Pool } from 'pg'
import { traced, withQueryTimeout, type Queryable } from '@ordinal/database'
import { noDeadline, withDeadline, type Deadline } from '@ordinal/deadline'
import { isAppError } from '@ordinal/errors'
import { AppError } from '../domain/errors'
import type { Sequence, Slot } from '../domain/sequence'
import { requireNearWindow, requireSlot, requireSlotAt } from './business-date'
import { createGroupCommit, type GroupCommitOptions } from './group-commit'
import { requireActive, requireUnsealed, type KnownSequence, type KnownSequences } from './known-sequences'
import { createLanes, type LaneMetrics } from './lanes'
import { onAnyServer, type WriteOnServer } from './other-server'
import { readClock } from './queries'
import { keyReused, replayOf } from './replay'
import {
  sameRequest,
  type ChangeRequest,
  type Issued,
  type IssueRequest,
  type LedgerRequest,
} from './request'
import { findReplays } from './statements'
import type { Lane } from './waiting'

/** What is measured of issuing. */
export interface AllocatorMetrics extends LaneMetrics {
  /** Times a request, from its arrival at the allocator to its commit. */
  waited(seconds: number): void
  /** A request got nothing, and by no fault of its caller: an outage, or too many that wait. */
  failed(): void
}

export interface AllocatorOptions extends Omit<GroupCommitOptions, 'reloadRules' | 'carryOutTogether'> {
  pool: Pool
  sequences: KnownSequences
  metrics: AllocatorMetrics
  /** Whether the ledger may be written to, and on which server; undefined: always. `require` and `write` throw if it may not. */
  gate?: { isOpen: () => boolean; require: () => Promise<void>; write: WriteOnServer } | undefined
}

export type Allocator = ReturnType<typeof createAllocator>

const statementLimitMs = 2_000
// Refusals of new requests only: a retry whose key was answered before gets that answer.
const pastCodes = new Set([
  'sequence_not_found',
  'sequence_sealed',
  'business_date_out_of_window',
  'period_closed',
])

/** Issues numbers and changes their states: once for each key, in group commits. */
export function createAllocator({ pool, sequences, metrics, gate, ...options }: AllocatorOptions) {
  const db: Queryable = withQueryTimeout(pool, statementLimitMs)
  const underWay = new Map<string, { request: LedgerRequest; issued: Promise<Issued> }>()
  const makeKey = keyMaker()
  const lanes = createLanes({ db, sequences, metrics, write: gate?.write ?? onAnyServer })
  const commits = createGroupCommit({
    ...options,
    reloadRules: (prefix) => sequences.load(prefix),
    carryOutTogether: lanes.carryOutTogether,
  })

  /**
   * Gives numbers to a request.
   *
   * @param deadline of the caller, if it is sooner than `requestTimeoutMs`
   * @throws AppError `sequence_not_found`, `sequence_sealed`, `validation_failed` (an impossible business date),
   *   `business_date_out_of_window`, `out_of_order_date`, `period_closed`, `rules_overlap`, `idempotency_key_reused`,
   *   `sequence_exhausted`, `ledger_behind`, `sequencer_overloaded`, `database_unavailable`, `deadline_exceeded`, `outcome_unknown`
   */
  async function issue(request: IssueRequest, deadline = noDeadline): Promise<Issued> {
    if (gate?.isOpen() === false) await requireOpen(gate, deadline)
    if (request.key === undefined) return issueNew(request, deadline)
    return issueNew(request, deadline).catch(async (error: unknown) => {
      // A retry gets its earlier answer, even if its sequence is out of use or its date too old since.
      const isPast = error instanceof AppError && pastCodes.has(error.code)
      const before = isPast ? await findIssued(request) : undefined
      if (!before) throw error
      return before
    })
  }

  /** A request that is refused here counts as failed, too: it asked for a number. */
  const requireOpen = (closed: NonNullable<typeof gate>, deadline: Deadline): Promise<void> =>
    withDeadline(closed.require(), deadline).catch(countFailure)

  async function issueNew(request: IssueRequest, deadline: Deadline): Promise<Issued> {
    const { prefix, business_date: businessDate } = request
    const remembered = sequences.known(prefix)
    let sequence = remembered ?? (await withDeadline(sequences.find(prefix), deadline))
    try {
      requireAllowed(sequence, request)
    } catch (error) {
      if (!remembered) throw error
      // Its rules may have been relaxed since: the database, which knows them, is not asked about what is refused here.
      sequence = await withDeadline(sequences.reload(prefix), deadline)
      requireAllowed(sequence, request)
    }
    return once(request, deadline, lanes.forNew(sequence.rules, businessDate))
  }

  /**
   * Changes the state of a number. With the caller's key it may be repeated; without one, the repetition is refused
   * like any other step that is not allowed.
   *
   * @param deadline of the caller, if it is sooner than `requestTimeoutMs`
   * @throws AppError `number_state_conflict`, `number_of_another_site`, `number_held_by_another`, and what `issue`
   *   throws
   */
  async function change(request: ChangeRequest, deadline = noDeadline): Promise<Issued> {
    if (gate?.isOpen() === false) await requireOpen(gate, deadline)
    const { prefix, period } = request
    if (!sequences.known(prefix)) await withDeadline(sequences.find(prefix), deadline)
    return once({ count: 1, ...request }, deadline, lanes.forChanges(prefix, period))
  }

  /**
   * The earlier answer to a request with the same key; undefined if there is none. For requests that would be refused
   * now: a retry still gets its answer.
   *
   * @throws AppError `idempotency_key_reused`
   */
  async function findIssued(request: IssueRequest): Promise<Issued | undefined> {
    const { prefix, key } = request
    if (key === undefined) return undefined
    const found = await findReplays(traced(db, request.span), prefix, [{ ...request, key }])
    return found[0] && { ...replayOf(request, key, found), replayed: true }
  }

  /** Carries a request out; of two with the same key at once, the second gets the answer of the first. */
  function once(request: Unkeyed, deadline: Deadline, lane: Lane): Promise<Issued> {
    const { prefix, caller, key } = request
    if (key === undefined) return submit({ ...request, key: makeKey() }, false, deadline, lane)

    const scope = [caller, prefix, key].join('\n')
    const first = underWay.get(scope)
    if (first) {
      const firstAnswer = commits.waitWith(first.issued, key, deadline)
      // The same request twice at once: both get what the first gets.
      if (sameRequest(request, first.request))
        return firstAnswer.then((issued) => ({ ...issued, replayed: true }))
      // The key belongs to one of them; if it is not the first, this one may be its rightful retry.
      return firstAnswer.then(
        () => Promise.reject(keyReused(key)),
        () => once(request, deadline, lane),
      )
    }
    const keyed = { ...request, key }
    const issued = submit(keyed, true, deadline, lane)
    underWay.set(scope, { request: keyed, issued })
    return issued.finally(() => underWay.delete(scope))
  }

  function submit(
    request: LedgerRequest,
    keyIsCallers: boolean,
    deadline: Deadline,
    lane: Lane,
  ): Promise<Issued> {
    const startedAtMs = performance.now()
    return commits.submit(lane, { request, keyIsCallers, deadline }).then((issued) => {
      metrics.waited((performance.now() - startedAtMs) / 1000)
      return issued
    }, countFailure)
  }

  function countFailure(error: unknown): never {
    if (!isAppError(error) || error.status >= 500) metrics.failed()
    throw error
  }

  /**
   * The slot that a request would get: of its business date, or now, by the database's clock.
   *
   * @throws AppError `validation_failed` if the sequence cannot have a number of this date
   */
  async function slotFor(sequence: Sequence, businessDate: string | undefined): Promise<Slot> {
    return businessDate === undefined
      ? requireSlotAt(sequence, await readClock(db))
      : requireSlot(sequence, businessDate)
  }

  return { issue, change, findIssued, slotFor, waiting: commits.waiting }
}

type Unkeyed = Omit<LedgerRequest, 'key'> & { key?: string | undefined }

/** What the rules of a sequence say without the database. */
function requireAllowed(
  sequence: KnownSequence,
  { caller, business_date: businessDate }: Pick<IssueRequest, 'caller' | 'business_date'>,
): void {
  requireActive(sequence)
  requireUnsealed(sequence, caller)
  if (businessDate === undefined) return
  requireSlot(sequence, businessDate)
  requireNearWindow(sequence.rules, businessDate, Date.now())
}

/**
 * Makes keys for requests that bring none: no two are the same, on any instance, and each is greater than the one
 * before, so that they go to the end of their index.
 */
function keyMaker(): () => string {
  const start = `${Date.now().toString(36)}-${randomBytes(12).toString('base64url')}`
  let made = 0
  return () => `${start}-${(made += 1).toString(36).padStart(8, '0')}`
}
