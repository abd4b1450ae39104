import { nameOf, nameOfCounter, ofBatch, placeOf, type Fault } from './faults'
import type { BatchRecord, CounterRecord, EntryRecord } from './records'
import type { Step } from './wrong-rows'

// What is wrong with the place of a batch or a row in its chain, and with the counter at its end.

/** A batch that comes after one with a higher number. */
export const addedBatch = ({ batch }: BatchRecord, last: number): Fault => ({
  kind: 'added',
  batch,
  detail: `batch ${batch} comes after batch ${last}: it was added by hand`,
})

/**
 * The batches between the last one and this.
 *
 * @param nextValue undefined if what comes before is not known
 */
export function missingBatches(
  { batch }: BatchRecord,
  steps: readonly Step[],
  last: number,
  nextValue: number | undefined,
): Fault {
  const [from, to] = [last + 1, batch - 1]
  const resumes = steps.find(({ revision }) => revision === 1)?.value
  const known = nextValue !== undefined && resumes !== undefined && resumes > nextValue
  const values = known ? `, with the values ${nextValue} to ${resumes - 1}` : ''
  return {
    kind: 'missing',
    batch: from,
    value: known ? nextValue : null,
    rows: known ? resumes - nextValue : null,
    detail: `${from === to ? `batch ${from} is` : `the batches ${from} to ${to} are`} missing${values}`,
  }
}

/** The columns by which a batch is of another counter. */
export const foreignColumns = (batch: BatchRecord, counter: CounterRecord): Fault[] =>
  (['prefix', 'period'] as const)
    .filter((column) => batch[column] !== counter[column])
    .map((column) =>
      ofBatch(batch, column, `is ${batch[column]}, and that of its counter ${counter[column]}`),
    )

/** The first batch after the last of the counter, or after the last of the part that is read. */
export function batchPastEnd(
  { batch }: BatchRecord,
  { batch: ofCounter, after_batch, through_batch }: CounterRecord,
  last: number,
): Fault | undefined {
  const isFirstPast = (end: number) => batch > end && last <= Math.max(end, after_batch)
  if (isFirstPast(ofCounter))
    return {
      kind: 'counter_behind',
      batch,
      detail: `the counter is at batch ${ofCounter}, and there are more`,
    }
  if (isFirstPast(through_batch))
    return {
      kind: 'added',
      batch,
      detail: `batch ${batch} comes after ${through_batch}, the last that was read`,
    }
  return undefined
}

/** A row that is in no batch. @param lastBatch up to which there are batches */
export function strayRow(row: Omit<EntryRecord, 'type'>, lastBatch: number): Fault {
  const isWithin = row.batch >= 1 && row.batch <= lastBatch
  const why = isWithin ? 'and not with the rows of that' : 'and there is no such batch'
  return {
    ...placeOf(row),
    kind: 'added',
    rows: 1,
    column: 'batch',
    detail: `${nameOf(row)} is in batch ${row.batch}, ${why}: it was added by hand`,
  }
}

export const withoutCounter = (prefix: string, period: string, batches: number): Fault => ({
  kind: 'counter_behind',
  detail: `there is no counter for the ${batches} batches of ${nameOfCounter(prefix, period)}`,
})

export const unusedCounter = (prefix: string, period: string): Fault => ({
  kind: 'added',
  column: 'batch',
  detail: `there is a counter of ${nameOfCounter(prefix, period)}, and nothing was ever issued by it`,
})

/** A chain that ends before its counter. */
export function cutAfter(
  { batch, through_batch: expected, last_value }: CounterRecord,
  last: number,
  nextValue: number | undefined,
): Fault {
  const known = expected === batch && nextValue !== undefined && nextValue <= last_value
  const values = known ? `, with the values ${nextValue} to ${last_value}` : ''
  return {
    kind: 'tail_cut',
    batch: last + 1,
    value: known ? nextValue : null,
    rows: known ? last_value - nextValue + 1 : null,
    detail: `the counter is at batch ${expected}, and the ledger ends with batch ${last}: the end was cut off${values}`,
  }
}

/** A chain whose latest batches have no rows. */
export const emptyTail = (from: number, last: number): Fault => ({
  kind: 'tail_cut',
  rows: null,
  detail: `the rows of the batches ${from} to ${last} are missing: the end of the ledger was cut off`,
})

/** The columns of a counter that do not follow from its chain. */
export const wrongCounts = (
  counter: CounterRecord,
  expected: Partial<Record<'last_value' | 'reserved' | 'free' | 'void' | 'feed', number>>,
): Fault[] =>
  Object.entries(expected).flatMap(([column, value]) => {
    const kept = counter[column as keyof typeof expected]
    if (kept === value) return []
    return {
      kind: 'derived',
      column,
      detail: `the counter has ${column} ${kept}, and the ledger gives ${value}`,
    }
  })
