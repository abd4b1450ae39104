import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '@ordinal/errors'
import type { Logger } from '@ordinal/logging'
import { outOfWindow } from './business-date'
import { remedyFor, windowOf } from './failures'
import type { Issued, LedgerRequest } from './request'
import { sealed } from './sequences'

/** A request in a queue, or under way. */
export interface Waiting {
  request: LedgerRequest
  /** Whether the caller gave the key; if not, it was generated for this request alone. */
  keyIsCallers: boolean
  /** Its key may have been used before. */
  lookUp: boolean
  /** It is with the database at this moment. */
  sent: boolean
  /** A statement that may have carried it out was lost. */
  outcomeUnknown: boolean
  /** On the clock of `performance.now()`. */
  expiresAtMs: number
  /** Its caller waits for less time than others may. */
  hurried: boolean
  resolve: (issued: Issued) => void
  reject: (error: unknown) => void
}

/** Where requests queue that go together in one statement. */
export interface Lane {
  /** No two lanes with the same name are at work at the same time. */
  name: string
  prefix: string
  /** Carries out a batch in one transaction; gives what answers its requests, which then waits for nothing more. */
  carryOut(batch: Waiting[]): Promise<() => void>
}

export interface GroupCommitOptions {
  log: Logger
  /** Off: every request is a transaction of its own, as a service without this would have it. */
  groupCommit: boolean
  /** How many requests may wait at once, over all lanes. */
  maxWaiting: number
  /** How long a request may wait while the database is away. */
  requestTimeoutMs: number
  /** The rules of a sequence are not what a lane took them for. */
  reloadRules(prefix: string): Promise<unknown>
}

const maxBatchRequests = 512
const maxBatchNumbers = 4096
// A batch whose rules, day or keys change under it is tried again; more often than this is no chance.
const maxSurprises = 20
const watchEveryMs = 50

/**
 * Group commit: requests of a lane that arrive while a statement is under way wait, and go together in the next. There
 * is no timer, so alone a request waits for nothing, and under load batches grow by themselves.
 *
 * Every request has a key, which makes a retry exact: after a lost connection the same keys are sent again, and
 * the database finds what was committed.
 */
export function createGroupCommit(options: GroupCommitOptions) {
  const { log, groupCommit, maxWaiting, requestTimeoutMs } = options
  const queues = new Map<string, Waiting[]>()
  let waitingCount = 0
  let alone = 0

  /**
   * Queues a request for its lane.
   *
   * @param makeLane called if the lane is not at work already
   * @throws AppError `sequencer_overloaded`, `database_unavailable`, `deadline_exceeded`, `outcome_unknown`, or what
   *   `carryOut` throws
   */
  function submit(
    name: string,
    makeLane: (name: string) => Lane,
    {
      request,
      keyIsCallers,
      timeoutMs = requestTimeoutMs,
    }: Pick<Waiting, 'request' | 'keyIsCallers'> & { timeoutMs?: number },
  ): Promise<Issued> {
    requireRoom()
    const expiresAtMs = performance.now() + Math.min(requestTimeoutMs, timeoutMs)
    const issued = new Promise<Issued>((resolve, reject) => {
      queueOf(name, makeLane).push({
        request,
        keyIsCallers,
        lookUp: keyIsCallers,
        sent: false,
        outcomeUnknown: false,
        expiresAtMs,
        hurried: timeoutMs < requestTimeoutMs,
        resolve,
        reject,
      })
    })
    return counted(issued)
  }

  /**
   * Waits with a request that is under way for the same answer.
   *
   * @throws AppError `sequencer_overloaded`; `outcome_unknown` when the time of who waits has passed
   */
  function waitWith(issued: Promise<Issued>, key: string, timeoutMs = requestTimeoutMs): Promise<Issued> {
    requireRoom()
    let timer: NodeJS.Timeout
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(unconfirmed(key)), timeoutMs)
    })
    return counted(Promise.race([issued, late]).finally(() => clearTimeout(timer)))
  }

  function requireRoom(): void {
    if (waitingCount < maxWaiting) return
    const detail = `${waitingCount} requests wait for numbers`
    throw new AppError('sequencer_overloaded', detail, { retryAfterSeconds: 1 })
  }

  function counted(issued: Promise<Issued>): Promise<Issued> {
    waitingCount += 1
    return issued.finally(() => (waitingCount -= 1))
  }

  function queueOf(laneName: string, makeLane: (name: string) => Lane): Waiting[] {
    const name = groupCommit ? laneName : `${(alone += 1)}`
    const existing = queues.get(name)
    if (existing) return existing
    const queue: Waiting[] = []
    queues.set(name, queue)
    // After the requests that have already arrived with this one.
    setImmediate(() => void drain(makeLane(name), queue))
    return queue
  }

  async function drain(lane: Lane, queue: Waiting[]): Promise<void> {
    let underWay: Waiting[] = []
    // A statement can take longer than some of those wait who are in it, or behind it.
    const watch = setInterval(() => {
      underWay = dropExpired(underWay)
      const inTime = dropExpired(queue)
      if (inTime.length < queue.length) queue.splice(0, queue.length, ...inTime)
    }, watchEveryMs)
    while (queue.length > 0) {
      underWay = takeBatch(queue)
      await settle(lane, underWay)
    }
    clearInterval(watch)
    queues.delete(lane.name)
  }

  /** Carries out a batch; ends when the answer of each of its requests is certain. Never throws. */
  async function settle(lane: Lane, batch: Waiting[]): Promise<void> {
    let open = dropExpired(batch)
    for (let failures = { surprises: 0, waits: 0 }; open.length > 0;) {
      try {
        for (const waiting of open) waiting.sent = true
        // Answered later, so that the next batch is with the database while these answers are written.
        setImmediate(await lane.carryOut(open))
        return
      } catch (error) {
        for (const waiting of open) waiting.sent = false
        open = await recover(lane, open, error, failures)
      }
    }
  }

  /** Does what a failure asks for, and gives the requests that are to be tried again. */
  async function recover(
    lane: Lane,
    batch: Waiting[],
    error: unknown,
    failures: { surprises: number; waits: number },
  ): Promise<Waiting[]> {
    if (error instanceof AppError) return rejectAll(batch, error)
    const remedy = remedyFor(error)
    if (remedy === 'wait' || remedy === 'wait_and_look_up') {
      failures.waits += 1
      log.warn('issuing numbers waits for the database', {
        prefix: lane.prefix,
        attempt: failures.waits,
        error,
      })
      if (remedy === 'wait_and_look_up')
        for (const waiting of batch) waiting.lookUp = waiting.outcomeUnknown = true
      await sleep(Math.min(500, 25 * 2 ** failures.waits) * (0.5 + Math.random() / 2))
      return dropExpired(batch, error)
    }
    failures.surprises += 1
    if (failures.surprises > maxSurprises) return rejectAll(batch, error)
    switch (remedy) {
      case 'reload_rules':
        return options.reloadRules(lane.prefix).then(
          () => batch,
          (fault: unknown) => recover(lane, batch, fault, failures),
        )
      case 'try_again':
        return batch
      case 'look_up':
        for (const waiting of batch) waiting.lookUp = true
        return batch
      case 'sealed':
        if (batch.length > 1) return tryEach(lane, batch)
        return rejectAll(batch, sealed(lane.prefix))
      case 'exhausted':
        if (batch.length > 1) return tryEach(lane, batch)
        return rejectAll(batch, new AppError('sequence_exhausted', `${lane.prefix} has no more values`))
      // In a batch there may be retries, which get what they got.
      case 'out_of_window':
        if (batch.length > 1) return tryEach(lane, batch)
        return rejectAll(batch, outOfWindow(lane.prefix, batch[0]!.request.business_date, windowOf(error)))
      case 'closed':
        if (batch.length > 1) return tryEach(lane, batch)
        return rejectAll(batch, new AppError('period_closed', (error as Error).message))
      case 'overlap':
        if (batch.length > 1) return tryEach(lane, batch)
        return rejectAll(batch, new AppError('rules_overlap', (error as Error).message))
      case 'try_each':
        return batch.length > 1 ? tryEach(lane, batch) : rejectAll(batch, error)
    }
  }

  async function tryEach(lane: Lane, batch: Waiting[]): Promise<Waiting[]> {
    for (const waiting of batch) await settle(lane, [waiting])
    return []
  }

  return { submit, waitWith, waiting: () => waitingCount }
}

/** Takes as many requests from a queue as go into one statement. */
function takeBatch(queue: Waiting[]): Waiting[] {
  let numbers = 0
  const end = queue.slice(0, maxBatchRequests).findIndex(({ request }, index) => {
    numbers += request.count
    return index > 0 && numbers > maxBatchNumbers
  })
  return queue.splice(0, end === -1 ? maxBatchRequests : end)
}

/** Answers the requests whose time has passed, and gives the others. */
function dropExpired(batch: Waiting[], cause?: unknown): Waiting[] {
  const now = performance.now()
  const inTime = batch.filter(({ expiresAtMs }) => expiresAtMs > now)
  if (inTime.length === batch.length) return batch
  const late = batch.filter(({ expiresAtMs }) => expiresAtMs <= now)
  // That the database was slow for a caller in a hurry says nothing of the database.
  const hurried = 'Nothing was issued or changed in the time that the caller gave'
  rejectAll(
    late.filter((waiting) => waiting.hurried),
    new AppError('deadline_exceeded', hurried, { cause }),
  )
  const unavailable = 'The database does not answer, or cannot write; nothing was issued or changed'
  rejectAll(
    late.filter((waiting) => !waiting.hurried),
    new AppError('database_unavailable', unavailable, { retryAfterSeconds: 1, cause }),
  )
  return inTime
}

/**
 * Gives all of a batch the same error, and none back to try again; those that may have been carried out, by a statement
 * that was lost or is under way, are told that.
 */
function rejectAll(batch: Waiting[], error: unknown): [] {
  for (const { request, sent, outcomeUnknown, reject } of batch)
    reject(sent || outcomeUnknown ? unconfirmed(request.key, error) : error)
  return []
}

function unconfirmed(key: string, cause?: unknown): AppError {
  const detail = `The database did not confirm in time; repeat the request with the Idempotency-Key ${key} to learn what it got`
  return new AppError('outcome_unknown', detail, { retryAfterSeconds: 1, cause })
}
