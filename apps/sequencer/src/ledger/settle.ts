import { setTimeout as sleep } from 'node:timers/promises'
import { isAppError } from '@ordinal/errors'
import { errorTypeOf } from '@ordinal/tracing'
import { AppError } from '../domain/errors'
import { notShown, outOfOrder, outOfWindow } from './business-date'
import { exhaustedOf, outOfOrderOf, remedyFor, windowOf, type Remedy } from './failures'
import { sealed } from './known-sequences'
import type { OutageLog } from './outage-log'
import { exhausted } from './range-end'
import type { LedgerRequest } from './request'
import { dropExpired, rejectAll, spanOfBatch, type Lane, type Waiting } from './waiting'

export interface SettleOptions {
  outage: OutageLog
  /** The rules of a sequence are not what a lane took them for. */
  reloadRules: (prefix: string) => Promise<unknown>
}

// A batch is tried again when its rules, day or keys changed meanwhile; this often, something else is wrong.
const maxSurprises = 20

/** Carries out batches of one lane, and tries again what a failure leaves open. */
export function createSettle({ outage, reloadRules }: SettleOptions) {
  /** Carries out a batch; ends when the answer of each of its requests is certain. Never throws. */
  async function settle(lane: Lane, batch: Waiting[]): Promise<void> {
    let open = dropExpired(batch)
    for (let failures = { surprises: 0, waits: 0 }; open.length > 0;) {
      const span = spanOfBatch(open)
      try {
        for (const waiting of open) waiting.sent = true
        // Answered later, so that the next batch is with the database while these answers are written.
        setImmediate(await lane.carryOut(open, span))
        outage.answered(lane)
        span?.end()
        return
      } catch (error) {
        span?.fail(errorTypeOf(error))
        span?.end()
        for (const waiting of open) waiting.sent = false
        open = await recover(lane, open, error, failures)
      }
    }
    outage.gaveUp(lane)
  }

  /** Handles a failure, and returns the requests that are to be tried again. */
  async function recover(
    lane: Lane,
    batch: Waiting[],
    error: unknown,
    failures: { surprises: number; waits: number },
  ): Promise<Waiting[]> {
    if (isAppError(error)) return rejectAll(batch, error)
    const remedy = remedyFor(error)
    if (remedy === 'wait' || remedy === 'wait_and_look_up') {
      failures.waits += 1
      outage.failed(lane, error)
      if (remedy === 'wait_and_look_up')
        for (const waiting of batch) waiting.lookUp = waiting.outcomeUnknown = true
      await sleep(Math.min(500, 25 * 2 ** failures.waits) * (0.5 + Math.random() / 2))
      return dropExpired(batch, error)
    }
    outage.answered(lane)
    if (remedy === 'exhausted' || remedy === 'out_of_order') return refuseSome(lane, batch, remedy, error)
    failures.surprises += 1
    if (failures.surprises > maxSurprises) return rejectAll(batch, error)
    // The template may have been changed since: the database looks at the date before it looks for a later version.
    const next = remedy === 'not_shown' && failures.surprises === 1 ? 'reload_rules' : remedy
    switch (next) {
      case 'reload_rules':
        return reloadRules(lane.prefix).then(
          () => batch,
          (fault: unknown) => recover(lane, batch, fault, failures),
        )
      case 'try_again':
        return batch
      case 'look_up':
        for (const waiting of batch) waiting.lookUp = true
        return batch
    }
    // The others of a batch may be allowed, or be retries, which get their earlier answers.
    if (batch.length > 1) return tryEach(lane, batch)
    return rejectAll(batch, refusalFor(next, error, lane.prefix, batch[0]!.request))
  }

  /** Rejects the requests that the database names, and returns the others: at least one is rejected each time. */
  function refuseSome(
    { prefix }: Lane,
    batch: Waiting[],
    remedy: 'exhausted' | 'out_of_order',
    error: unknown,
  ): Waiting[] {
    const found = remedy === 'exhausted' ? exhaustedOf(error) : outOfOrderOf(error)
    const refusalOf = ({ count }: LedgerRequest) =>
      'end' in found ? exhausted(prefix, count, found) : outOfOrder(prefix, found)
    const isRefused = (_: Waiting, index: number) => found.refused.includes(index + 1)
    // Without one it would be the same batch again, for ever.
    if (!batch.some(isRefused)) return rejectAll(batch, error)
    for (const waiting of batch.filter(isRefused)) rejectAll([waiting], refusalOf(waiting.request))
    return batch.filter((waiting, index) => !isRefused(waiting, index))
  }

  async function tryEach(lane: Lane, batch: Waiting[]): Promise<Waiting[]> {
    for (const waiting of batch) await settle(lane, [waiting])
    return []
  }

  return settle
}

type Refusing = Exclude<
  Remedy,
  'exhausted' | 'out_of_order' | 'wait' | 'wait_and_look_up' | 'reload_rules' | 'try_again' | 'look_up'
>

/** The error for a request that the database refuses. */
function refusalFor(remedy: Refusing, error: unknown, prefix: string, request: LedgerRequest): unknown {
  switch (remedy) {
    case 'sealed':
      return sealed(prefix)
    case 'out_of_window':
      return outOfWindow(prefix, request.business_date, windowOf(error))
    case 'not_shown':
      return notShown((error as Error).message)
    case 'closed':
      return new AppError('period_closed', (error as Error).message)
    case 'overlap':
      return new AppError('rules_overlap', (error as Error).message)
    case 'try_each':
      return error
  }
}
