import type { Queryable } from '@ordinal/database'
import { tellChanges, type Logger } from '@ordinal/logging'
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

const fiveSecondsMs = 5_000

/**
 * Watches the sequences that have an end: shows how many values each has left in its current period, and logs one line
 * when a period gets to where its rules say to warn, or else to its end.
 */
export function createRangeWatch({ db, repository, show, log, everyMs = fiveSecondsMs }: Deps) {
  // The line that was logged last, by prefix: a period has it once, and again if its end is another.
  const logged = new Map<string, string>()

  async function watch(): Promise<void> {
    const rules = await repository.withEnd()
    if (rules.length === 0 && logged.size === 0) return show([])
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
    report: tellChanges(
      log,
      'it could not be read how many values are left; trying again',
      'it is read again how many values are left',
    ),
    everyMs,
  })
}

/** How many values some sequences have left now, by the database's clock. */
async function readRanges(db: Queryable, rules: readonly RulesRecord[]): Promise<RangeLeft[]> {
  const now = await readClock(db)
  const current = rules.flatMap((of) => {
    const period = periodAt(of, now)
    return period === undefined ? [] : [{ of, prefix: of.prefix, period, end: of.end }]
  })
  const counters = await readCounters(db, current)
  return current.map(({ of, prefix, period }, index) => ({
    prefix,
    period,
    end: of.end!,
    left: valuesLeft(of, counters[index])!,
    warnAt: valuesAtWarning(of) ?? 0,
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
