import { frameOfBatch } from './chain'
import { commonText, type Run } from './common-text'
import { nameOfCounter, nowhere } from './faults'
import type { Findings } from './findings'
import type { Frame } from './number'
import type { BatchRecord } from './records'
import type { Register } from './register'
import type { Step } from './wrong-rows'

/** Values of a counter that follow each other, in one frame. */
interface Given extends Run {
  order: number
  prefix: string
  period: string
  batch: number
}

// Of one frame in one counter. Where frames take turns, as with business dates, the values in between are taken as given.
const mostRuns = 100

/**
 * Whether a number was given twice: by two sequences neither of which may share its numbers, or by two periods of one.
 * Frames are kept, with the values that were given in them, and compared at the end.
 *
 * @param register undefined if it is not known: then all may share their numbers
 */
export function createGivenTexts(register: Register | undefined, { report }: Pick<Findings, 'report'>) {
  const all: Given[] = []

  function counter() {
    const runs = new Map<string, Given[]>()
    let latest: Given | undefined

    /** The run that goes on with these values, or a new one. */
    function runFor(batch: BatchRecord, frame: Frame, first: number): Given {
      const { prefix, period } = batch
      if (latest && latest.last + 1 === first && isSameFrame(latest, frame)) return latest
      const key = JSON.stringify(frame)
      const ofFrame = runs.get(key) ?? []
      runs.set(key, ofFrame)
      if (ofFrame.length >= mostRuns) return ofFrame.at(-1)!
      const run = {
        ...frame,
        first,
        last: first,
        order: all.length,
        prefix,
        period,
        batch: batch.batch,
      }
      ofFrame.push(run)
      all.push(run)
      return run
    }

    return {
      add(batch: BatchRecord, steps: readonly Step[]): void {
        const frame = frameOfBatch(batch)
        let [first, last] = [Infinity, 0]
        for (const { revision, event, value } of steps) {
          // A value that an import skips is in no document.
          if (revision !== 1 || event === 'skip') continue
          first = Math.min(first, value)
          last = Math.max(last, value)
        }
        if (!frame || last === 0) return
        latest = runFor(batch, frame, first)
        latest.last = Math.max(latest.last, last)
      },
    }
  }

  const mayShare = ({ prefix }: Given) => register?.mayShare(prefix) ?? true

  function compare(one: Given, other: Given): void {
    const isOfOneCounter = one.prefix === other.prefix && one.period === other.period
    const isAllowed = one.prefix !== other.prefix && (mayShare(one) || mayShare(other))
    if (isOfOneCounter || isAllowed) return
    const number = commonText(one, other)
    if (number === undefined) return
    const { prefix, period, batch } = other
    report({
      ...nowhere,
      kind: 'given_twice',
      prefix,
      period,
      batch,
      number,
      detail:
        `the number ${number} was given by ${nameOfCounter(one.prefix, one.period)} and by ` +
        `${nameOfCounter(prefix, period)}, and no rules allow that`,
    })
  }

  return {
    counter,
    end(): void {
      const index = indexOf(all)
      for (const run of all)
        for (const other of candidates(index, run)) {
          // Two runs with the same head find each other.
          if (other.head !== run.head || other.order < run.order) compare(other, run)
        }
    },
  }
}

const isSameFrame = (one: Frame, other: Frame) =>
  one.head === other.head && one.width === other.width && one.tail === other.tail

interface Tails {
  byTail: Map<string, Given[]>
  /** By each end of the tail, the empty one too. */
  byTailEnd: Map<string, Given[]>
}
type Index = Map<string, Tails>

/** By their heads; then by their tails, and by the ends of those. */
function indexOf(all: readonly Given[]): Index {
  const index: Index = new Map()
  for (const run of all) {
    const tails: Tails = index.get(run.head) ?? { byTail: new Map(), byTailEnd: new Map() }
    index.set(run.head, tails)
    append(tails.byTail, run.tail, run)
    for (let at = 0; at <= run.tail.length; at += 1) append(tails.byTailEnd, run.tail.slice(at), run)
  }
  return index
}

function append(lists: Map<string, Given[]>, key: string, run: Given): void {
  const list = lists.get(key)
  if (list) list.push(run)
  else lists.set(key, [run])
}

/** The runs whose head the run's head begins with, and of whose tails one ends with the other: no others share a text. */
function* candidates(index: Index, { head, tail }: Given): Generator<Given> {
  for (let end = 0; end <= head.length; end += 1) {
    const tails = index.get(head.slice(0, end))
    if (!tails) continue
    yield* tails.byTailEnd.get(tail) ?? []
    for (let at = 1; at <= tail.length; at += 1) yield* tails.byTail.get(tail.slice(at)) ?? []
  }
}
