import { Buffer } from 'node:buffer'
import { digestOfRows, frameOfBatch, linkHash, requestsIn } from './chain'
import { altered, nameOf, nowhere, ofBatch, swapped, type Fault } from './faults'
import type { Finding } from './findings'
import type { BatchRecord, CounterRecord } from './records'
import { findSwap, type Link } from './swaps'
import { wrongColumn, wrongRequest, wrongReuse, type Step } from './wrong-rows'

/** A link of the chain as it was read. */
interface ReadLink extends Omit<Link, 'previous' | 'finding'> {
  steps: readonly Step[]
  requests: readonly Step[][]
}

// Broken links whose rows are kept: the row that was swapped with one of theirs may be far away.
const keptLinks = 8

/**
 * Checks that the hash of each batch follows from its rows and the hash before.
 *
 * @param start the hash before the first batch
 */
export function createLinkCheck(
  counter: { prefix: string; period: string },
  start: Buffer,
  found: (fault: Fault) => Finding,
) {
  const broken: Link[] = []
  /** Undefined where what comes before is not known. */
  let last: Buffer | undefined = start

  /**
   * Takes the next batch.
   *
   * @param explained a finding of its rows says already why its hash is another
   * @returns whether it fits
   */
  function check(batch: BatchRecord, steps: readonly Step[], explained: boolean): boolean {
    const requests = requestsIn(steps)
    const digests = requests.map((rows) => digestOfRows(rows, batch))
    const link: ReadLink = { batch, steps, requests, digests }
    const previous = last
    last = Buffer.from(batch.hash, 'hex')
    if (!previous || hasHash(link, previous)) {
      const fault = explained ? undefined : wrongRowOf(link)
      if (fault) found(fault)
      return !fault
    }
    const before = brokenAt(batch.batch - 1)
    if (before && hasHash(link, hashOf(before, before.previous))) reportHash(before)
    else if (!explained) explain(link, previous)
    return false
  }

  const brokenAt = (batch: number) => {
    const link = broken.at(-1)
    return link?.finding && link.batch.batch === batch ? link : undefined
  }

  /** The batch after it follows from what it should have as its hash: then that was altered, and nothing else. */
  function reportHash({ batch, finding }: Link): void {
    const fault = ofBatch(batch, 'hash', 'is not that of its rows')
    Object.assign(finding!, { ...nowhere, prefix: counter.prefix, period: counter.period, ...fault })
  }

  function explain(read: ReadLink, previous: Buffer): void {
    const link: Link = { ...read, previous, finding: undefined }
    const swap = findSwap(link, broken)
    if (swap?.other === link) {
      found(swapped(swap.row, swap.otherRow, swap.what))
    } else if (swap) {
      Object.assign(swap.other.finding!, swapped(swap.otherRow, swap.row, swap.what))
      broken.splice(broken.indexOf(swap.other), 1)
    } else {
      link.finding = found(wrongHash(read))
      broken.push(link)
      if (broken.length > keptLinks) broken.shift()
    }
  }

  return {
    check,

    /** What comes before is not known from here on. */
    forget(): void {
      last = undefined
    },

    /** Compares the hash of the last batch with that which the counter has. */
    end({ head }: CounterRecord, lastBatch: number): void {
      if (!last || last.toString('hex') === head) return
      const link = brokenAt(lastBatch)
      if (!link)
        found({
          kind: 'rewritten',
          batch: lastBatch,
          column: 'head',
          detail: `the counter has another hash for batch ${lastBatch} than the batch: one of them was rewritten`,
        })
      else if (hashOf(link, link.previous).toString('hex') === head) reportHash(link)
    },
  }
}

const hashOf = ({ batch, steps, digests }: Omit<Link, 'previous' | 'finding'>, previous: Buffer) =>
  linkHash(previous, batch, steps, digests)

const hasHash = (link: ReadLink, previous: Buffer) =>
  hashOf(link, previous).equals(Buffer.from(link.batch.hash, 'hex'))

/** What is wrong with the rows of a batch that give its hash. */
const wrongRowOf = ({ batch, steps, requests }: ReadLink): Fault | undefined =>
  wrongRequest(requests) ??
  steps.map((step) => wrongColumn(batch, step)).find(Boolean) ??
  wrongReuse(requests)

/** What was altered of a batch whose rows do not give its hash. */
function wrongHash({ batch, steps, requests }: ReadLink): Fault {
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
