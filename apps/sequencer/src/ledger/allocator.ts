import { randomBytes } from 'node:crypto'
import type { Pool } from 'pg'
import { formatNumber, nextState } from '@ordinal/audit'
import { withDeadline, type Queryable } from '@ordinal/database'
import { AppError } from '@ordinal/errors'
import type { Sequence, Slot } from '../core/sequence'
import type { SequencerMetrics } from '../metrics'
import { requireNearWindow, requireSlot } from './business-date'
import { createGroupCommit, type GroupCommitOptions, type Lane, type Waiting } from './group-commit'
import {
  sameRequest,
  toLedger,
  type ChangeRequest,
  type Issued,
  type IssueRequest,
  type LedgerRequest,
  type ReplayedNumber,
} from './request'
import { refusalOf } from './refusal'
import { requireActive, requireUnsealed, type Sequences } from './sequences'
import {
  changeNumbers,
  findReplays,
  issueNumbers,
  readClock,
  type ChangedBatch,
  type IssuedBatch,
} from './statements'

export interface AllocatorOptions extends Omit<GroupCommitOptions, 'reloadRules'> {
  pool: Pool
  sequences: Sequences
  metrics: SequencerMetrics
}

export type Allocator = ReturnType<typeof createAllocator>

const statementLimitMs = 2_000
// Refusals that a retry may meet although its key was answered before.
const pastCodes = new Set([
  'sequence_not_found',
  'sequence_sealed',
  'business_date_out_of_window',
  'period_closed',
])

/** Issues numbers, and takes them from state to state: each request once for its key, in group commits. */
export function createAllocator({ pool, sequences, metrics, ...options }: AllocatorOptions) {
  const db: Queryable = withDeadline(pool, statementLimitMs)
  const underWay = new Map<string, { request: LedgerRequest; issued: Promise<Issued> }>()
  const makeKey = keyMaker()
  const commits = createGroupCommit({
    ...options,
    reloadRules: (prefix) => sequences.load(prefix),
  })

  /**
   * Gives numbers to a request.
   *
   * @param timeoutMs how long it may take, if less than others may
   * @throws AppError `sequence_not_found`, `sequence_sealed`, `validation_failed` (a business date that cannot be),
   *   `business_date_out_of_window`, `period_closed`, `rules_overlap`, `idempotency_key_reused`, `sequence_exhausted`,
   *   `sequencer_overloaded`, `database_unavailable`, `deadline_exceeded`, `outcome_unknown`
   */
  async function issue(request: IssueRequest, timeoutMs?: number): Promise<Issued> {
    if (request.idempotencyKey === undefined) return issueNew(request, timeoutMs)
    return issueNew(request, timeoutMs).catch(async (error: unknown) => {
      // A retry gets its earlier answer, even if its sequence is out of use or its date too old since.
      const isPast = error instanceof AppError && pastCodes.has(error.code)
      const before = isPast ? await findIssued(request) : undefined
      if (!before) throw error
      return before
    })
  }

  async function issueNew(request: IssueRequest, timeoutMs: number | undefined): Promise<Issued> {
    const { prefix, businessDate } = request
    const sequence = sequences.known(prefix) ?? (await sequences.load(prefix))
    requireActive(sequence)
    requireUnsealed(sequence, request.caller)
    if (businessDate !== undefined) {
      requireSlot(sequence, businessDate)
      requireNearWindow(sequence.rules, businessDate, Date.now())
    }
    return once(request, timeoutMs, `${prefix}\n${businessDate ?? ''}`, (name) => ({
      name,
      prefix,
      carryOut: (batch) => issueBatch(prefix, businessDate, batch),
    }))
  }

  /**
   * Takes a number on to another state. Asked with its caller's key it may be repeated; without one, a second time is
   * refused like any other step that is not allowed.
   *
   * @param timeoutMs how long it may take, if less than others may
   * @throws AppError `number_state_conflict`, `number_of_another_site`, `number_held_by_another`, and what `issue`
   *   throws
   */
  async function change(request: ChangeRequest, timeoutMs?: number): Promise<Issued> {
    const { prefix, period } = request
    if (!sequences.known(prefix)) await sequences.load(prefix)
    return once(request, timeoutMs, `changes\n${prefix}\n${period}`, (name) => ({
      name,
      prefix,
      carryOut: (batch) => changeBatch(prefix, period, batch),
    }))
  }

  /**
   * The earlier answer to a request with the same key; undefined if there is none. For requests that would be refused
   * now: a retry still gets its answer.
   *
   * @throws AppError `idempotency_key_reused`
   */
  async function findIssued(request: IssueRequest): Promise<Issued | undefined> {
    const { prefix, idempotencyKey } = request
    if (idempotencyKey === undefined) return undefined
    const asked = toLedger(request, idempotencyKey)
    const found = await findReplays(db, prefix, [asked])
    if (!found[0]) return undefined
    if (!isRepeat(asked, found)) throw keyReused(idempotencyKey)
    return { period: found[0].period, numbers: numbersOf(found), replayed: true }
  }

  function once(
    given: IssueRequest | ChangeRequest,
    timeoutMs: number | undefined,
    lane: string,
    makeLane: (name: string) => Lane,
  ): Promise<Issued> {
    const { prefix, caller, idempotencyKey } = given
    const submit = (key: string) => {
      const request = toLedger(given, key)
      const startedAtMs = performance.now()
      const issued = commits.submit(lane, makeLane, {
        request,
        keyIsCallers: idempotencyKey !== undefined,
        ...(timeoutMs !== undefined && { timeoutMs }),
      })
      return {
        request,
        issued: issued.finally(() => metrics.waited((performance.now() - startedAtMs) / 1000)),
      }
    }
    if (idempotencyKey === undefined) return submit(makeKey()).issued

    const scope = [caller, prefix, idempotencyKey].join('\n')
    const first = underWay.get(scope)
    if (first) {
      const firstAnswer = commits.waitWith(first.issued, idempotencyKey, timeoutMs)
      // The same request twice at once: both get what the first gets.
      if (sameRequest(toLedger(given, idempotencyKey), first.request))
        return firstAnswer.then((issued) => ({ ...issued, replayed: true }))
      // The key belongs to one of them; if it is not the first, this one may be its rightful retry.
      return firstAnswer.then(
        () => Promise.reject(keyReused(idempotencyKey)),
        () => once(given, timeoutMs, lane, makeLane),
      )
    }
    const submitted = submit(idempotencyKey)
    underWay.set(scope, submitted)
    return submitted.issued.finally(() => underWay.delete(scope))
  }

  async function issueBatch(prefix: string, businessDate: string | undefined, batch: Waiting[]) {
    const sequence = sequences.known(prefix) ?? (await sequences.load(prefix))
    requireActive(sequence)
    const requests = batch.map(({ request }) => request)
    const issued = await issueNumbers(db, sequence, businessDate, requests, batch.some(needsLookUp))
    return () => answerIssued(batch, sequence, issued)
  }

  async function changeBatch(prefix: string, period: string, batch: Waiting[]) {
    const sequence = sequences.known(prefix) ?? (await sequences.load(prefix))
    const requests = batch.map(({ request }) => request)
    const changed = await changeNumbers(db, sequence, period, requests, batch.some(needsLookUp))
    return () => answerChanged(batch, period, changed)
  }

  function answerIssued(batch: Waiting[], { rules }: Sequence, issued: IssuedBatch): void {
    const { period, frame, recycled, replays } = issued
    let value = issued.firstValue ?? 0
    let taken = 0
    let generated = 0
    batch.forEach((waiting, index) => {
      const found = replays.length > 0 ? replays.filter(({ request }) => request === index + 1) : []
      if (found.length > 0) return answerReplay(waiting, found)
      const { event, count } = waiting.request
      const state = nextState(event, null, rules.gapPolicy)!
      const numbers = Array.from({ length: count }, () => {
        const its = count === 1 && taken < recycled.length ? recycled[taken++]! : value++
        return { value: its, number: formatNumber(frame, its), state }
      })
      generated += count
      waiting.resolve({ period, numbers, replayed: false })
    })
    metrics.generated(rules.prefix, generated, batch.length)
  }

  function answerChanged(batch: Waiting[], period: string, { outcomes, replays }: ChangedBatch): void {
    batch.forEach((waiting, index) => {
      const found = replays.filter(({ request }) => request === index + 1)
      if (found.length > 0) return answerReplay(waiting, found)
      const outcome = outcomes.find(({ request }) => request === index + 1)!
      if (!outcome.done) return waiting.reject(refusalOf(waiting.request, outcome))
      const { value, number, state } = outcome
      metrics.changed(waiting.request.event)
      waiting.resolve({ period, numbers: [{ value, number, state }], replayed: false })
    })
  }

  /** The slot now, by the database's clock, or of the given date. */
  async function slotFor(sequence: Sequence, businessDate: string | undefined): Promise<Slot> {
    return businessDate === undefined
      ? sequence.slotAt(await readClock(db))
      : requireSlot(sequence, businessDate)
  }

  return {
    issue,
    change,
    findIssued,
    /** The slot that a request would get: of its business date, or now. */
    slotFor,
    waiting: commits.waiting,
  }
}

const needsLookUp = ({ lookUp }: Waiting) => lookUp

/** Answers a request with what its key got before, if it was the same request. */
function answerReplay({ request, keyIsCallers, resolve, reject }: Waiting, found: ReplayedNumber[]): void {
  if (!isRepeat(request, found)) return reject(keyReused(request.key))
  // A generated key can only be found because of an earlier attempt at this very request.
  resolve({ period: found[0]!.period, numbers: numbersOf(found), replayed: keyIsCallers })
}

const isRepeat = (request: LedgerRequest, found: ReplayedNumber[]) =>
  sameRequest(request, { ...found[0]!, count: found.length })

const numbersOf = (found: ReplayedNumber[]) =>
  found.map(({ value, number, state }) => ({ value, number, state }))

const keyReused = (key: string) =>
  new AppError('idempotency_key_reused', `The key "${key}" belongs to another request`)

/**
 * Makes keys for requests that bring none: no two are the same, on any instance, and each is greater than the one
 * before, so that they go to the end of their index.
 */
function keyMaker(): () => string {
  const start = `${Date.now().toString(36)}-${randomBytes(12).toString('base64url')}`
  let made = 0
  return () => `${start}-${(made += 1).toString(36).padStart(8, '0')}`
}
