import type { Queryable } from '@ordinal/database'
import { logChanges, type Logger } from '@ordinal/logging'
import { createPeriodicTask } from '@ordinal/periodic-task'
import { valuesAtWarning, valuesLeft } from '../domain/range'
import { createSequence } from '../domain/sequence'
import { readClock } from '../ledger/queries'
import { readCounters } from './range-queries'
import type { RulesRecord, RulesRepository } from './repository'

/** How many values a sequence has left in its current period. */
export interface RangeLeft {
  prefix: string
  period: string
  end: number
  left: number
  /** With how many left the rules say to warn; 0 if they do not. */
  warnAt: number
}

interface Deps {
  /** For reads. */
  db: Queryable
  repository: Pick<RulesRepository, 'withEnd'>
  show: (ranges: readonly RangeLeft[]) => void
  log: Logger
  everyMs?: number
}

/**
 * Watches the sequences that have an end: shows how many values each has left in its current period, and logs one line
 * when no more are left than its rules say in `warnAt`, or none.
 */
export function createRangeWatch({ db, repository, show, log, everyMs = 5_000 }: Deps) {
  // What was logged last, by prefix: a line for each period, and another if its end or `warnAt` changes.
  const logged = new Map<string, string>()

  async function watch(): Promise<void> {
    const rules = await repository.withEnd()
    if (rules.length === 0) return show([])
    const ranges = await readRanges(db, rules)
    show(ranges)
    for (const range of ranges) warnOnce(range)
  }

  function warnOnce({ prefix, period, end, left, warnAt }: RangeLeft): void {
    const line = JSON.stringify([period, end, warnAt])
    if (left > warnAt || logged.get(prefix) === line) return
    logged.set(prefix, line)
    log.warn(left > 0 ? 'a sequence has few values left' : 'a sequence has no values left', {
      prefix,
      period,
      values_left: left,
      end,
    })
  }

  return createPeriodicTask({
    run: watch,
    report: logChanges(
      log,
      'the values left could not be read; trying again',
      'the values left are read again',
    ),
    everyMs,
  })
}

/** How many values some sequences have left now, by the database's clock. */
export async function readRanges(db: Queryable, rules: readonly RulesRecord[]): Promise<RangeLeft[]> {
  const now = await readClock(db)
  const current = rules.flatMap((record) => {
    const { prefix, end } = record
    const period = periodAt(record, now)
    return period === undefined ? [] : [{ record, prefix, period, end }]
  })
  const counters = await readCounters(db, current)
  return current.map(({ record, prefix, period, end }, index) => ({
    prefix,
    period,
    end: end!,
    left: valuesLeft(record, counters[index])!,
    warnAt: valuesAtWarning(record) ?? 0,
  }))
}

/** Undefined if the template cannot show the year: then nothing is issued. */
function periodAt(rules: RulesRecord, atMs: number): string | undefined {
  try {
    return createSequence(rules).slotAt(atMs).period
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
