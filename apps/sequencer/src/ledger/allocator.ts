import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool } from 'pg'
import { withDeadline, type Queryable } from '@ordinal/database'
import { AppError } from '@ordinal/errors'
import type { Logger } from '@ordinal/logging'
import { formatNumber } from '../core/template'
import type { Sequence, Slot } from '../core/sequence'
import type { SequencerMetrics } from '../metrics'
import { databaseTimeOf, remedyFor } from './failures'
import { fingerprintOf, sameRequest, type Issued, type IssueRequest } from './request'
import type { Sequences } from './sequences'
import { issueNumbers, type BatchResult } from './statements'
import { answerReplay, dropExpired, keyReused, rejectAll, rowOf, takeBatch, type Waiting } from './waiting'

export interface AllocatorOptions {
  pool: Pool
  sequences: Sequences
  metrics: SequencerMetrics
  log: Logger
  /** Off: every request is a transaction of its own, as a service without this allocator would have it. */
  groupCommit: boolean
  /** How many requests may wait at once, over all sequences. */
  maxWaiting: number
  /** How long a request may wait for its number while the database is away. */
  requestTimeoutMs: number
}

export type Allocator = ReturnType<typeof createAllocator>

const statementLimitMs = 2_000
// A batch whose rules or day change under it is tried again; more often than this is no chance.
const maxAttempts = 20

/** Requests for one sequence and business date, which share statements. */
interface Lane {
  prefix: string
  businessDate: string | undefined
  queue: Waiting[]
}

/**
 * Issues numbers by group commit: requests that arrive while a statement is under way wait, and go together in the
 * next. There is no timer, so alone a request waits for nothing, and under load batches grow by themselves.
 *
 * Every request has a key, which makes a retry exact: after a lost connection the same keys are sent again, and
 * the database finds what was committed.
 */
export function createAllocator(options: AllocatorOptions) {
  const { pool, sequences, metrics, log, groupCommit, maxWaiting, requestTimeoutMs } = options
  const db: Queryable = withDeadline(pool, statementLimitMs)
  const lanes = new Map<string, Lane>()
  const underWay = new Map<string, { request: IssueRequest; issued: Promise<Issued> }>()
  let waitingCount = 0
  let laneCount = 0
  // How far the database's clock is ahead of ours. Its day decides; ours only guesses which day that is.
  let clockAheadMs = 0
  const makeKey = keyMaker()

  /**
   * Issues the numbers of a request, once for each of its keys.
   *
   * @throws AppError `sequence_not_found`, `validation_failed` (a business date that cannot be),
   *   `idempotency_key_reused`, `sequence_exhausted`, `sequencer_overloaded`, `database_unavailable`,
   *   `outcome_unknown`
   */
  async function issue(request: IssueRequest): Promise<Issued> {
    const sequence = sequences.known(request.prefix) ?? (await sequences.load(request.prefix))
    if (request.businessDate !== undefined) requireSlot(sequence, request.businessDate)
    const key = request.idempotencyKey
    if (key === undefined) return enqueue(request, makeKey(), false)

    // The same request twice at once: both get what the first gets.
    const scope = [request.caller, request.prefix, key].join('\n')
    const first = underWay.get(scope)
    if (first) {
      if (!sameRequest(fingerprintOf(first.request), fingerprintOf(request))) throw keyReused(key)
      return { ...(await first.issued), replayed: true }
    }
    const issued = enqueue(request, key, true)
    underWay.set(scope, { request, issued })
    return issued.finally(() => underWay.delete(scope))
  }

  function enqueue(request: IssueRequest, key: string, lookUp: boolean): Promise<Issued> {
    if (waitingCount >= maxWaiting) {
      const detail = `${waitingCount} requests wait for numbers`
      throw new AppError('sequencer_overloaded', detail, { retryAfterSeconds: 1 })
    }
    waitingCount += 1
    const startedAtMs = performance.now()
    const issued = new Promise<Issued>((resolve, reject) => {
      const expiresAtMs = startedAtMs + requestTimeoutMs
      laneFor(request).queue.push({
        request,
        row: rowOf(request, key),
        lookUp,
        outcomeUnknown: false,
        expiresAtMs,
        resolve,
        reject,
      })
    })
    return issued.finally(() => {
      waitingCount -= 1
      metrics.waited((performance.now() - startedAtMs) / 1000)
    })
  }

  function laneFor({ prefix, businessDate }: IssueRequest): Lane {
    const name = groupCommit ? `${prefix}\n${businessDate ?? ''}` : `${(laneCount += 1)}`
    const existing = lanes.get(name)
    if (existing) return existing
    const lane: Lane = { prefix, businessDate, queue: [] }
    lanes.set(name, lane)
    // After the requests that have already arrived with this one.
    setImmediate(() => void drain(name, lane))
    return lane
  }

  async function drain(name: string, lane: Lane): Promise<void> {
    while (lane.queue.length > 0) await settle(lane, takeBatch(lane.queue))
    lanes.delete(name)
  }

  /** Carries out a batch; ends when the answer of each of its requests is certain. Never throws. */
  async function settle(lane: Lane, batch: Waiting[]): Promise<void> {
    let open = dropExpired(batch)
    for (let attempt = 1; open.length > 0; attempt += 1) {
      try {
        const sequence = sequences.known(lane.prefix) ?? (await sequences.load(lane.prefix))
        const slot = slotFor(sequence, lane.businessDate)
        const lookUp = open.some((waiting) => waiting.lookUp)
        const rows = open.map(({ row }) => row)
        const result = await issueNumbers(db, sequence, slot, rows, lookUp)
        // Later, so that the next batch is with the database while these answers are written.
        setImmediate(answer, open, slot, lane.prefix, result)
        return
      } catch (error) {
        open = await recover(lane, open, error, attempt)
      }
    }
  }

  /** Does what a failure asks for, and gives the requests that are to be tried again. */
  async function recover(lane: Lane, batch: Waiting[], error: unknown, attempt: number): Promise<Waiting[]> {
    if (error instanceof AppError || attempt >= maxAttempts) return rejectAll(batch, error)
    const remedy = remedyFor(error)
    switch (remedy) {
      case 'reload_rules':
        return sequences.load(lane.prefix).then(
          () => batch,
          (fault: unknown) => rejectAll(batch, fault),
        )
      case 'take_time':
        clockAheadMs = Math.floor(databaseTimeOf(error)) - Date.now()
        return batch
      case 'look_up':
        for (const waiting of batch) waiting.lookUp = true
        return batch
      case 'wait':
      case 'wait_and_look_up':
        log.warn('issuing numbers waits for the database', { prefix: lane.prefix, attempt, error })
        if (remedy === 'wait_and_look_up')
          for (const waiting of batch) waiting.lookUp = waiting.outcomeUnknown = true
        await sleep(Math.min(500, 25 * 2 ** attempt) * (0.5 + Math.random() / 2))
        return dropExpired(batch, error)
      case 'exhausted':
        if (batch.length > 1) return tryEach(lane, batch)
        return rejectAll(batch, new AppError('sequence_exhausted', `${lane.prefix} has no more values`))
      case 'try_each':
        return batch.length > 1 ? tryEach(lane, batch) : rejectAll(batch, error)
    }
  }

  async function tryEach(lane: Lane, batch: Waiting[]): Promise<Waiting[]> {
    for (const waiting of batch) await settle(lane, [waiting])
    return []
  }

  function answer(batch: Waiting[], slot: Slot, prefix: string, { firstValue, replays }: BatchResult): void {
    let value = firstValue ?? 0
    let generated = 0
    batch.forEach((waiting, index) => {
      const found = replays.length > 0 ? replays.filter(({ request }) => request === index + 1) : []
      if (found.length > 0) return answerReplay(waiting, found)
      const { count } = waiting.request
      const numbers = Array.from({ length: count }, (_, item) => ({
        value: value + item,
        number: formatNumber(slot.frame, value + item),
        state: 'issued' as const,
      }))
      value += count
      generated += count
      waiting.resolve({ period: slot.period, numbers, replayed: false })
    })
    metrics.generated(prefix, generated, batch.length)
  }

  /** The slot now, or of the given date. */
  function slotFor(sequence: Sequence, businessDate: string | undefined): Slot {
    return businessDate === undefined
      ? sequence.slotAt(Date.now() + clockAheadMs)
      : requireSlot(sequence, businessDate)
  }

  return {
    issue,
    /** The slot that a request without a date would get now. */
    slotNow: (sequence: Sequence) => slotFor(sequence, undefined),
    waiting: () => waitingCount,
  }
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

function requireSlot(sequence: Sequence, date: string): Slot {
  try {
    return sequence.slotOfDate(date)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new AppError('validation_failed', `business_date: ${error.message}`, {
      errors: [{ path: 'business_date', message: error.message }],
    })
  }
}
