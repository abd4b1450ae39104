import { createHash, randomUUID } from 'node:crypto'
import { formatNumber } from '@ordinal/audit'
import { databaseErrorOf, type Queryable } from '@ordinal/database'
import type { Sequence } from '../domain/sequence'
import type { KnownSequences } from '../ledger/known-sequences'
import { readClock } from '../ledger/queries'
import type { LedgerRequest } from '../ledger/request'
import { changeNumbers, issueNumbers } from '../ledger/statements'
import type { RestorePlan } from './plan'
import {
  countFree,
  readLostDays,
  readPrefixes,
  readReserved,
  readRestored,
  readStanding,
  readTaken,
  type HeldValue,
} from './queries'
import { dateIn, targetsOf, type Target } from './targets'

/** What was done to a counter. */
export interface RaisedCounter {
  prefix: string
  period: string
  /** Its last value after it. */
  last: number
  /** How many values this run has skipped, and how many that were free or reserved it has made void. */
  skipped: number
  withheld: number
}

interface Deps {
  db: Queryable
  sequences: Pick<KnownSequences, 'load'>
}

interface Writing {
  db: Queryable
  sequence: Sequence
  period: string
  date: string
  /** What is the same in each request. */
  common: Pick<LedgerRequest, 'prefix' | 'caller' | 'request_id' | 'reason'>
  /** The beginning of the keys of this plan: no caller's key has a space. */
  key: string
}

const skippedAtOnce = 10_000
const changedAtOnce = 500

/**
 * Makes void what a restored ledger must not issue: in each counter the values up to the highest that is known outside,
 * and as many above it as the plan says; and those that were free or reserved at the restored moment, since they may have
 * been issued or confirmed after it. All of it is on record as any other step, with the reason of the plan.
 *
 * It may end at any point, and be run again with the same plan: it goes on where it ended, and skips nothing twice.
 *
 * @throws Error if the ledger lacks a sequence that the plan needs; nothing was done then
 */
export async function raiseCounters({ db, sequences }: Deps, plan: RestorePlan): Promise<RaisedCounter[]> {
  const id = createHash('sha256').update(JSON.stringify(plan)).digest('hex').slice(0, 16)
  const inUse = new Map<string, Sequence>()
  for (const prefix of await readPrefixes(db)) inUse.set(prefix, await sequences.load(prefix))
  const restored = await readRestored(db)
  const targets = targetsOf(plan, inUse, restored, await readLostDays(db))
  if (targets.length === 0) return []

  const writingOf = ({ prefix, period, date }: Omit<Target, 'known'>): Writing => {
    const sequence = inUse.get(prefix)!
    const caller = sequence.rules.sealedTo ?? 'restore'
    return {
      db,
      sequence,
      period,
      date,
      key: `restore ${id} `,
      common: { prefix, caller, request_id: `restore-${id}`, reason: plan.reason },
    }
  }
  const raised = new Map<string, RaisedCounter>()
  for (const { prefix, period, last, released } of restored) {
    const sequence = inUse.get(prefix)
    if (!released || !sequence) continue
    const withheld = await withhold(writingOf({ prefix, period, date: dateIn(sequence, period) }))
    raised.set(`${prefix}\n${period}`, { prefix, period, last, skipped: 0, withheld })
  }
  for (const target of targets) {
    const { prefix, period } = target
    const { last, skipped } = await skip(writingOf(target), target, plan.margin)
    const before = raised.get(`${prefix}\n${period}`)
    raised.set(`${prefix}\n${period}`, { prefix, period, last, skipped, withheld: before?.withheld ?? 0 })
  }
  return [...raised.values()]
}

/** Skips values until the counter is as far as it has to be. */
async function skip(writing: Writing, { prefix, period, known }: Target, margin: number) {
  const { db, sequence, date, common, key } = writing
  const { start, end } = sequence.rules
  for (let skipped = 0; ;) {
    const standing = await readStanding(db, { prefix, period }, key)
    const last = standing.last ?? start - 1
    // As far as it was when the plan was begun: a second run skips no more.
    const before = (standing.firstSkipped ?? last + 1) - 1
    const wanted = Math.min(Math.max(known, before) + margin, end ?? Infinity)
    if (last >= wanted || standing.closed) return { last, skipped }
    const count = Math.min(skippedAtOnce, wanted - last)
    const { frame } = sequence.slotOfDate(date)
    const request = { ...common, event: 'skip' as const, count, key: key + formatNumber(frame, last + 1) }
    try {
      await issueNumbers(db, sequence, date, [request], false, { expected: last + 1 })
      skipped += count
    } catch (error) {
      // The counter has moved: another process runs the same plan.
      if (databaseErrorOf(error)?.sqlState !== 'OR007') throw error
    }
  }
}

/** Makes the free and reserved values of a counter void, and gives how many. */
async function withhold(writing: Writing): Promise<number> {
  const { db, sequence, period, common, key } = writing
  const counter = { prefix: common.prefix, period }
  const { end, gapPolicy } = sequence.rules
  let withheld = 0
  for (;;) {
    const reserved = await readReserved(db, counter, changedAtOnce)
    if (reserved.length === 0) break
    await change(writing, 'release', reserved)
    if (gapPolicy === 'strict') withheld += reserved.length
  }
  if (gapPolicy === 'strict') return withheld
  for (;;) {
    const taken = await readTaken(db, counter, `${key}free `)
    await change(writing, 'void', taken)
    withheld += taken.length
    const free = await countFree(db, counter, end)
    if (free === 0 || !(await take(writing, Math.min(free, changedAtOnce)))) return withheld
  }
}

/** Issues free values, to nobody. Returns false if nobody could have them: their dates are outside of the window, or their period is closed. */
async function take({ db, sequence, period, date, common, key }: Writing, count: number): Promise<boolean> {
  const isToday = sequence.slotAt(await readClock(db)).period === period
  const own = isToday ? {} : { business_date: date }
  const requests = Array.from({ length: count }, () => ({
    ...common,
    ...own,
    event: 'issue' as const,
    count: 1,
    key: `${key}free ${randomUUID()}`,
  }))
  try {
    await issueNumbers(db, sequence, isToday ? undefined : date, requests, false)
    return true
  } catch (error) {
    if (['OR022', 'OR023'].includes(databaseErrorOf(error)?.sqlState ?? '')) return false
    throw error
  }
}

async function change(
  { db, sequence, period, common, key }: Writing,
  event: 'release' | 'void',
  values: readonly HeldValue[],
): Promise<void> {
  if (values.length === 0) return
  const requests = values.map(({ value, number }) => ({
    ...common,
    event,
    count: 1,
    value,
    number,
    authority: 'person' as const,
    key: `${key}${event} ${randomUUID()}`,
  }))
  const { outcomes } = await changeNumbers(db, sequence, period, requests, false)
  const refused = outcomes.find(({ done }) => !done)
  if (refused) throw new Error(`${refused.number} is ${refused.state}, and could not be made void`)
}
