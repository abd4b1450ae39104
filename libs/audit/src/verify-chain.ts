import { Buffer } from 'node:buffer'
import { frameOfBatch } from './chain'
import {
  addedBatch,
  batchPastEnd,
  cutAfter,
  emptyTail,
  foreignColumns,
  missingBatches,
  strayRow,
  unusedCounter,
  withoutCounter,
  wrongCounts,
} from './chain-faults'
import { nowhere, ofBatch, type Fault } from './faults'
import type { Finding, Findings } from './findings'
import { createLinkCheck } from './link-check'
import type { BatchRecord, CounterRecord, EntryRecord } from './records'
import { nextState } from './states'
import { createValueOrder } from './value-order'
import { wrongRows, type Step } from './wrong-rows'

/** A row whose batch does not exist. */
export type StrayRow = Omit<EntryRecord, 'type'>

/**
 * Verifies the chain of a counter, batch by batch, from what it holds and nothing else; it keeps the counts of the
 * counter, the last hash, and the few batches that are broken.
 *
 * @param counter null if the ledger has rows of a counter that is not there
 */
export function createChainVerifier(
  { prefix, period }: { prefix: string; period: string },
  counter: CounterRecord | null,
  { report }: Pick<Findings, 'report'>,
) {
  const whole = (counter?.after_batch ?? 0) === 0
  const values = createValueOrder(whole ? counter?.first_value : undefined, found)
  const start = counter ? Buffer.from(counter.after_hash, 'hex') : Buffer.alloc(32)
  const links = createLinkCheck({ prefix, period }, start, found)
  const counts = { reserved: 0, free: 0, void: 0 }
  /** The finding of the first of the latest batches that have no rows. */
  let emptySince: Finding | undefined
  let lastBatch = counter?.after_batch ?? 0
  let lastFeed = 0
  let lastAt = ''
  let sound = true

  function found({ kind, ...where }: Fault): Finding {
    sound = false
    return report({ ...nowhere, kind, prefix, period, ...where })
  }

  /** Takes the next batch, with its rows in the order of their positions. */
  function add(batch: BatchRecord, steps: readonly Step[]): void {
    if (batch.batch <= lastBatch) {
      found(addedBatch(batch, lastBatch))
      return
    }
    if (batch.batch !== lastBatch + 1) {
      found(missingBatches(batch, steps, lastBatch, values.next()))
      links.forget()
      values.forget()
    }
    if (counter) checkCounter(batch, counter)
    const explained = checkRows(batch, steps) || values.check(steps)
    if (links.check(batch, steps, explained)) checkTime(batch)
    checkFeed(batch)
    count(batch, steps)
    lastBatch = batch.batch
  }

  function checkCounter(batch: BatchRecord, counter: CounterRecord): void {
    foreignColumns(batch, counter).forEach(found)
    const past = batchPastEnd(batch, counter, lastBatch)
    if (past) found(past)
  }

  /** Reports missing and additional rows. Returns whether there are any: then nothing else of the batch is reported. */
  function checkRows(batch: BatchRecord, steps: readonly Step[]): boolean {
    const fault = wrongRows(batch, steps)
    if (steps.length > 0) emptySince = undefined
    if (!fault || emptySince) return fault !== undefined
    const finding = found(fault)
    if (steps.length === 0) emptySince = finding
    if (frameOfBatch(batch)) values.skip(batch.rows)
    return true
  }

  /** A transaction reads the clock while it holds the counter, so the times of batches ascend. */
  function checkTime({ batch, at }: BatchRecord): void {
    if (at < lastAt)
      found({
        kind: 'backdated',
        batch,
        column: 'at',
        detail: `batch ${batch} is dated ${at}, and the batch before it ${lastAt}: it was dated back`,
      })
    else lastAt = at
  }

  function checkFeed(batch: BatchRecord): void {
    if (batch.feed < lastFeed)
      found(ofBatch(batch, 'feed', `is ${batch.feed}, and ${lastFeed} in the batch before`))
    lastFeed = Math.max(lastFeed, batch.feed)
  }

  /** Counts the states of values, as if all were right. */
  function count(batch: BatchRecord, steps: readonly Step[]): void {
    for (const { event, state, before } of steps) {
      const after = nextState(event, before?.state ?? null, batch.gap_policy) ?? state
      if (before && before.state !== 'issued') counts[before.state] -= 1
      if (after !== 'issued') counts[after] += 1
    }
  }

  /** Takes a row that is in no batch. */
  function stray(row: StrayRow): void {
    found(strayRow(row, counter?.through_batch ?? lastBatch))
  }

  /** Compares the end of the chain with its counter. */
  function end(): void {
    if (!counter) {
      found(withoutCounter(prefix, period, lastBatch))
      return
    }
    if (emptySince) Object.assign(emptySince, emptyTail(emptySince.batch!, lastBatch))
    if (counter.batch === 0 && lastBatch === 0) found(unusedCounter(prefix, period))
    if (lastBatch < counter.through_batch) {
      found(cutAfter(counter, lastBatch, values.next()))
      return
    }
    if (lastBatch !== counter.batch) return
    links.end(counter, lastBatch)
    if (sound) wrongCounts(counter, countsOf()).forEach(found)
  }

  function countsOf() {
    const next = values.next()
    return {
      ...(next !== undefined && { last_value: next - 1 }),
      ...(whole && counts),
      ...(lastFeed > 0 && { feed: lastFeed }),
    }
  }

  return { add, stray, end }
}
