import type { Queryable } from '@ordinal/database'
import { countIssued, countRange } from './queries'

/** A promise of the service, and whether it was kept; read from the ledger. */
export interface KeptPromise {
  promise: string
  held: boolean
  found: string
}

/** What a demonstration has drawn. */
interface Draws {
  prefix: string
  period: string
  /** Its mark in the ledger. */
  run: string
  numbers: readonly string[]
  values: readonly number[]
}

/** Looks in the ledger whether the promises were kept for the values that were drawn. */
export async function checkPromises(db: Queryable, draws: Draws): Promise<KeptPromise[]> {
  const { prefix, period, run, numbers, values } = draws
  const first = values.reduce((a, b) => Math.min(a, b))
  const last = values.reduce((a, b) => Math.max(a, b))
  const { doubled, recorded, kept } = await countRange(db, { prefix, period, first, last, run, numbers })
  const asked = new Set(numbers).size
  const range = last - first + 1
  return [
    {
      promise: 'No number is given while a document holds it',
      held: doubled === 0,
      found: `${doubled} were`,
    },
    {
      promise: 'Values follow each other without a hole',
      held: recorded === range,
      found: `${recorded} of ${range} values from ${first} to ${last} are in the ledger`,
    },
    {
      promise: 'What was answered is on record',
      held: kept === asked,
      found: `${kept} of ${asked} numbers are in the ledger`,
    },
  ]
}

/** Whether of some values, which were free, each is in use again. */
export async function checkFilled(
  db: Queryable,
  draws: Pick<Draws, 'prefix' | 'period'>,
  values: readonly number[],
): Promise<KeptPromise> {
  const filled = await countIssued(db, draws, values)
  return {
    promise: 'A gap is filled by the next number',
    held: filled === values.length,
    found: `${filled} of ${values.length} gaps are filled`,
  }
}
