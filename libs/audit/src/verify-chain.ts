import { digestOfRows, frameOfBatch, linkHash, requestsIn } from './chain'
import { altered, nameOf, nameOfCounter, nowhere, ofBatch, placeOf, swapped, type Fault } from './faults'
import type { Finding, Findings } from './findings'
import type { BatchRecord, CounterRecord, EntryRecord } from './records'
import { nextState } from './states'
import { findSwap, type Link } from './swaps'
import { wrongColumn, wrongRequest, wrongRows, type Step } from './wrong-rows'

// Broken links whose rows are kept: the row that was swapped with one of theirs may be far away.
const keptLinks = 8

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
  const counts = { reserved: 0, free: 0, void: 0 }
  const broken: Link[] = []
  const misplaced: { got: number; belongs: number; row: Step; finding: Finding }[] = []
  /** The finding of the first of the latest batches that have no rows. */
  let emptySince: Finding | undefined
  /** Undefined where what comes before is not known. */
  let nextValue = whole ? counter?.first_value : undefined
  let lastHash: Buffer | undefined = counter ? Buffer.from(counter.after_hash, 'hex') : Buffer.alloc(32)
  let lastBatch = counter?.after_batch ?? 0
  let lastFeed = 0
  let lastAt = ''
  let sound = true

  const found = ({ kind, ...where }: Fault): Finding => {
    sound = false
    return report({ ...nowhere, kind, prefix, period, ...where })
  }

  /** Takes the next batch, with its rows in the order of their positions. */
  function add(batch: BatchRecord, steps: readonly Step[]): void {
    if (batch.batch <= lastBatch) {
      const detail = `batch ${batch.batch} comes after batch ${lastBatch}: nothing that issues wrote it`
      found({ kind: 'added', batch: batch.batch, detail })
      return
    }
    if (batch.batch !== lastBatch + 1) {
      found(missingBatches(batch, steps))
      lastHash = undefined
      nextValue = undefined
    }
    for (const column of ['prefix', 'period'] as const)
      if (counter && batch[column] !== counter[column])
        found(ofBatch(batch, column, `is ${batch[column]}, and that of its counter ${counter[column]}`))
    if (counter) checkReach(batch, counter)
    checkLink(batch, steps, checkRows(batch, steps) || checkOrder(batch, steps))
    checkFeed(batch)
    follow(batch, steps)
  }

  /** Reports the first batch after the last of the counter, or after the last of the part that is read. */
  function checkReach(
    { batch }: BatchRecord,
    { batch: last, after_batch, through_batch }: CounterRecord,
  ): void {
    const isFirstPast = (end: number) => batch > end && lastBatch <= Math.max(end, after_batch)
    if (isFirstPast(last))
      found({ kind: 'counter_behind', batch, detail: `the counter is at batch ${last}, and there are more` })
    else if (isFirstPast(through_batch))
      found({
        kind: 'added',
        batch,
        detail: `batch ${batch} comes after ${through_batch}, the last that was read`,
      })
  }

  /** Takes a row that is in no batch. */
  function stray(row: Omit<EntryRecord, 'type'>): void {
    const isWithin = row.batch >= 1 && row.batch <= (counter?.through_batch ?? lastBatch)
    const why = isWithin ? 'and not with the rows of that' : 'and there is no such batch'
    found({
      ...placeOf(row),
      kind: 'added',
      rows: 1,
      column: 'batch',
      detail: `${nameOf(row)} is in batch ${row.batch}, ${why}: nothing that issues wrote it`,
    })
  }

  function missingBatches({ batch }: BatchRecord, steps: readonly Step[]) {
    const [from, to] = [lastBatch + 1, batch - 1]
    const resumes = steps.find(({ revision }) => revision === 1)?.value
    const values =
      nextValue !== undefined && resumes !== undefined && resumes > nextValue
        ? `, with the values ${nextValue} to ${resumes - 1}`
        : ''
    return {
      kind: 'missing' as const,
      batch: from,
      value: values ? nextValue! : null,
      rows: values ? resumes! - nextValue! : null,
      detail: `${from === to ? `batch ${from} is` : `the batches ${from} to ${to} are`} missing${values}`,
    }
  }

  /** Reports missing and additional rows. Returns whether there are any: then nothing else of the batch is reported. */
  function checkRows(batch: BatchRecord, steps: readonly Step[]): boolean {
    const fault = wrongRows(batch, steps)
    if (steps.length > 0) emptySince = undefined
    if (!fault || emptySince) return fault !== undefined
    const finding = found(fault)
    if (steps.length === 0) emptySince = finding
    if (nextValue !== undefined && frameOfBatch(batch)) nextValue += batch.rows
    return true
  }

  /** New values follow each other; a row may stand in the place of another one of its batch, or of another batch. */
  function checkOrder(batch: BatchRecord, steps: readonly Step[]): boolean {
    const fresh = steps.filter(({ revision }) => revision === 1)
    if (!fresh[0]) return false
    const first = nextValue ?? Math.min(...fresh.map(({ value }) => value))
    nextValue = first + fresh.length
    const index = fresh.findIndex(({ value }, index) => value !== first + index)
    const row = fresh[index]
    if (!row) return false

    const belongs = first + index
    const other = fresh.find(({ value }) => value === belongs)
    const earlier = misplaced.find((one) => one.got === belongs && one.belongs === row.value)
    const next = fresh[index + 1]
    if (other) found(swapped(row, other, 'the values of'))
    else if (earlier)
      Object.assign(earlier.finding, swapped({ ...row, ...placeOf(earlier.row) }, row, 'the values of'))
    else if (row.value > belongs && (next ? next.value === row.value + 1 : index > 0)) {
      const detail = `the value ${belongs} is missing: ${row.value} comes in its place`
      nextValue = fresh.at(-1)!.value + 1
      found({
        ...placeOf(row),
        kind: 'missing',
        value: belongs,
        number: null,
        rows: row.value - belongs,
        detail,
      })
    } else {
      const finding = found(altered(row, 'value', `is ${row.value}, where ${belongs} belongs`))
      if (misplaced.length < keptLinks) misplaced.push({ got: row.value, belongs, row, finding })
    }
    return true
  }

  function checkLink(batch: BatchRecord, steps: readonly Step[], explained: boolean): void {
    const stored = Buffer.from(batch.hash, 'hex')
    const requests = requestsIn(steps)
    const digests = requests.map((rows) => digestOfRows(rows, batch))
    const hashAfter = (previous: Buffer) => linkHash(previous, batch, steps, digests)
    const previous = lastHash
    lastHash = stored
    if (!previous || hashAfter(previous).equals(stored)) {
      const fault = explained
        ? undefined
        : (wrongRequest(requests) ?? steps.map((step) => wrongColumn(batch, step)).find(Boolean))
      if (fault) found(fault)
      else checkTime(batch)
      return
    }

    // If it follows from what the batch before should have as its hash, then that hash was altered, and nothing here.
    const before = broken.at(-1)
    if (before?.finding && before.batch.batch === batch.batch - 1) {
      const computed = linkHash(before.previous, before.batch, before.steps, before.digests)
      if (hashAfter(computed).equals(stored)) {
        hashAltered(before)
        return
      }
    }
    if (explained) return
    const current = { batch, steps, requests, digests, previous, finding: undefined as Finding | undefined }
    const swap = findSwap(current, broken)
    if (swap?.other === current) {
      found(swapped(swap.row, swap.otherRow, swap.what))
    } else if (swap) {
      Object.assign(swap.other.finding!, swapped(swap.otherRow, swap.row, swap.what))
      broken.splice(broken.indexOf(swap.other), 1)
    } else {
      current.finding = found(wrongHash(batch, steps, requests))
      broken.push(current)
      if (broken.length > keptLinks) broken.shift()
    }
  }

  /** What of a batch was altered whose rows do not give its hash. */
  function wrongHash(batch: BatchRecord, steps: readonly Step[], requests: readonly Step[][]): Fault {
    const faults = steps.map((step) => wrongColumn(batch, step))
    const frame = frameOfBatch(batch)
    if (frame && faults.every((fault) => fault?.column === 'number'))
      return ofBatch(batch, 'number_head, number_width, number_tail', 'is not that of its numbers')
    if (faults.every((fault) => fault?.column === 'at'))
      return ofBatch(batch, 'at', `is ${batch.at}, and that of its rows is ${steps[0]?.at}`)
    const fault = wrongRequest(requests) ?? faults.find(Boolean)
    if (fault) return fault
    const [first] = steps
    const rows = steps.length
    return {
      ...altered(first!, null, ''),
      rows,
      detail:
        rows === 1
          ? `${nameOf(first!)} is not what was written: the hash of its batch ${batch.batch} is another`
          : `one of the ${rows} rows of batch ${batch.batch} (from ${nameOf(first!)} to ${nameOf(steps.at(-1)!)}), or the ` +
            `batch itself, is not what was written: its hash is another`,
    }
  }

  function hashAltered({ batch, finding }: Link): void {
    Object.assign(finding!, {
      ...nowhere,
      prefix,
      period,
      ...ofBatch(batch, 'hash', 'is not that of its rows'),
    })
  }

  /** A transaction reads the clock while it holds the counter, so the times of batches ascend. */
  function checkTime(batch: BatchRecord): void {
    if (batch.at < lastAt)
      found({
        kind: 'backdated',
        batch: batch.batch,
        column: 'at',
        detail: `batch ${batch.batch} is dated ${batch.at}, and the batch before it ${lastAt}: it was dated back`,
      })
    else lastAt = batch.at
  }

  function checkFeed(batch: BatchRecord): void {
    if (batch.feed < lastFeed)
      found(ofBatch(batch, 'feed', `is ${batch.feed}, and ${lastFeed} in the batch before`))
    lastFeed = Math.max(lastFeed, batch.feed)
  }

  /** Goes on as if all were right. */
  function follow(batch: BatchRecord, steps: readonly Step[]): void {
    lastBatch = batch.batch
    for (const step of steps) {
      const { before } = step
      const after = nextState(step.event, before?.state ?? null, batch.gap_policy) ?? step.state
      if (before && before.state !== 'issued') counts[before.state] -= 1
      if (after !== 'issued') counts[after] += 1
    }
  }

  /** Compares the end of the chain with its counter. */
  function end(): void {
    if (!counter) {
      const detail = `there is no counter for the ${lastBatch} batches of ${nameOfCounter(prefix, period)}`
      found({ kind: 'counter_behind', detail })
      return
    }
    if (emptySince) {
      const from = emptySince.batch!
      const detail = `the rows of the batches ${from} to ${lastBatch} are missing: the end of the ledger was cut off`
      Object.assign(emptySince, { kind: 'tail_cut', rows: null, detail })
    }
    if (counter.batch === 0 && lastBatch === 0)
      found({
        kind: 'added',
        column: 'batch',
        detail: `there is a counter of ${nameOfCounter(prefix, period)}, and nothing was ever issued by it`,
      })
    if (lastBatch < counter.through_batch) {
      found(cutAfter(lastBatch, counter))
      return
    }
    if (lastBatch !== counter.batch) return
    checkHead(counter)
    if (sound) checkCounts(counter)
  }

  function cutAfter(last: number, { batch, through_batch: expected, last_value }: CounterRecord) {
    const known = expected === batch && nextValue !== undefined && nextValue <= last_value
    const values = known ? `, with the values ${nextValue} to ${last_value}` : ''
    return {
      kind: 'tail_cut' as const,
      batch: last + 1,
      value: known ? nextValue! : null,
      rows: known ? last_value - nextValue! + 1 : null,
      detail: `the counter is at batch ${expected}, and the ledger ends with batch ${last}: the end was cut off${values}`,
    }
  }

  function checkHead({ head }: CounterRecord): void {
    if (!lastHash || lastHash.toString('hex') === head) return
    const last = broken.at(-1)
    if (last?.finding && last.batch.batch === lastBatch) {
      if (linkHash(last.previous, last.batch, last.steps, last.digests).toString('hex') === head)
        hashAltered(last)
      return
    }
    found({
      kind: 'rewritten',
      batch: lastBatch,
      column: 'head',
      detail: `the counter has another hash for batch ${lastBatch} than the batch: one of them was rewritten`,
    })
  }

  function checkCounts(counter: CounterRecord): void {
    const expected = {
      ...(nextValue !== undefined && { last_value: nextValue - 1 }),
      ...(whole && counts),
      ...(lastFeed > 0 && { feed: lastFeed }),
    }
    for (const [column, value] of Object.entries(expected)) {
      const kept = counter[column as keyof typeof expected]
      if (kept !== value)
        found({
          kind: 'derived',
          column,
          detail: `the counter has ${column} ${kept}, and the ledger gives ${value}`,
        })
    }
  }

  return { add, stray, end }
}
