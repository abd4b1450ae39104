import { dateText, parseDate } from '../domain/calendar'
import type { Sequence } from '../domain/sequence'
import type { RestorePlan } from './plan'

/** A counter, and the highest value of it that is known outside of the ledger. */
export interface Target {
  prefix: string
  period: string
  /** A business date of the period. */
  date: string
  known: number
}

/** A counter of the restored ledger. */
export interface RestoredCounter {
  prefix: string
  period: string
  last: number
  /** The day of its last batch, as in `2026-11-21`. */
  lastDay: string
  /** Whether values of it are free or reserved. */
  released: boolean
}

/** The days from the last one of the restored ledger to today, by the database's clock. */
export interface LostDays {
  from: string
  to: string
}

// A counter that nothing was drawn from for so long is not raised without evidence; at most so many days are looked through.
const quietDays = 31
const mostDays = 400
const dayMs = 24 * 60 * 60 * 1000

/**
 * The counters to raise: those that the plan names, and, with a margin, those that may have moved without anybody's
 * knowledge: the recent ones, and those of the days since.
 *
 * @throws Error if the ledger has no sequence for what is known: it has to be made again first
 */
export function targetsOf(
  plan: RestorePlan,
  sequences: ReadonlyMap<string, Sequence>,
  restored: readonly RestoredCounter[],
  days: LostDays,
): Target[] {
  const targets = new Map<string, Target>()
  function add(prefix: string, period: string, date: string, known: number): void {
    const key = `${prefix}\n${period}`
    const before = targets.get(key)
    targets.set(key, { prefix, period, date, known: Math.max(known, before?.known ?? 0) })
  }

  for (const { prefix, period, value } of plan.counters) {
    const sequence = sequences.get(prefix)
    if (!sequence) throw unknownSequence(`the counter ${prefix} ${period}`.trim())
    add(prefix, period, dateIn(sequence, period), value)
  }
  for (const number of plan.numbers) {
    const readings = [...sequences.values()].flatMap((sequence) => {
      const read = sequence.read(number)
      return read ? [{ prefix: sequence.rules.prefix, ...read }] : []
    })
    if (readings.length === 0) throw unknownSequence(`the number ${number}`)
    // Of several sequences that write such numbers, any may have issued it.
    for (const { prefix, value, slot } of readings) add(prefix, slot.period, slot.date, value)
  }
  if (plan.margin > 0) {
    const recent = addDays(days.from, -quietDays)
    for (const { prefix, period, lastDay } of restored) {
      const sequence = sequences.get(prefix)
      if (sequence && lastDay >= recent) add(prefix, period, dateIn(sequence, period), 0)
    }
    for (const sequence of sequences.values())
      for (const date of daysFrom(days)) {
        const { period } = sequence.slotOfDate(date)
        add(sequence.rules.prefix, period, date, 0)
      }
  }
  return [...targets.values()].sort((a, b) => compare(a.prefix, b.prefix) || compare(a.period, b.period))
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

const unknownSequence = (what: string) =>
  new Error(
    `no sequence of the restored ledger has ${what}: it was made, or got other rules, after the restored moment. ` +
      'Give it the rules that it had (POST or PUT /api/v1/sequences), and run this again',
  )

/** A business date that belongs to a period. */
export function dateIn(sequence: Sequence, period: string): string {
  const year = Number(/\d{4}/.exec(period)?.[0] ?? '2000')
  for (let date = `${year - 1}-01-01`; date <= `${year + 1}-12-31`; date = addDays(date, 1)) {
    if (sequence.slotOfDate(date).period === period) return date
  }
  throw unknownSequence(`the period ${period} of ${sequence.rules.prefix}`)
}

function daysFrom({ from, to }: LostDays): string[] {
  const days: string[] = []
  for (let date = from; date <= to; date = addDays(date, 1)) {
    days.push(date)
    if (days.length > mostDays)
      throw new Error(
        `the ledger ends more than ${mostDays} days ago: make the plan again by ordinal restore-check --margin 0, with all that is known by --known`,
      )
  }
  return days
}

function addDays(date: string, days: number): string {
  const { year, month, day } = parseDate(date)
  const then = new Date(Date.UTC(year, month - 1, day) + days * dayMs)
  return dateText({ year: then.getUTCFullYear(), month: then.getUTCMonth() + 1, day: then.getUTCDate() })
}
