import { createReadStream } from 'node:fs'
import { linesOf } from '../lines'
import { counterKey, type RestoredLedger } from './ledger'

/** What is known outside of the ledger. */
export interface Evidence {
  /** The highest value of each counter, by `counterKey`. */
  highest: Map<string, number>
  orders: { reference: string; number: string }[]
  /** Of all orders that there are; undefined if that is not known. */
  references?: Set<string>
}

/** A counter that the ledger had further than it has now. */
export interface Behind {
  prefix: string
  period: string
  /** Its last value in the ledger; 0 if it has not begun. */
  last: number
  known: number
}

/**
 * Reads files of the ledger that somebody kept: an export, or what a follower of the feed has written, a row a line.
 *
 * @throws Error if a line is neither
 */
export async function readKnownFiles(files: readonly string[]): Promise<Evidence['highest']> {
  const highest = new Map<string, number>()
  for (const file of files) {
    let at = 0
    for await (const line of linesOf(createReadStream(file))) {
      at += 1
      const { prefix, period, value, last_value: last } = parse(line, file, at)
      const reached = value ?? last
      if (typeof prefix !== 'string' || typeof period !== 'string' || typeof reached !== 'number') continue
      const key = counterKey(prefix, period)
      highest.set(key, Math.max(reached, highest.get(key) ?? 0))
    }
    if (at === 0) throw new Error(`${file} is empty`)
  }
  return highest
}

/**
 * Reads a file that has the reference of an order a line.
 *
 * @throws Error if a line is something else, or there is none
 */
export async function readReferences(file: string): Promise<Set<string>> {
  const references = new Set<string>()
  for await (const line of linesOf(createReadStream(file))) {
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(line.trim()))
      throw new Error(`"${line.slice(0, 60)}" in ${file} is no reference of an order`)
    references.add(line.trim())
  }
  if (references.size === 0) throw new Error(`${file} is empty`)
  return references
}

function parse(line: string, file: string, at: number) {
  try {
    return JSON.parse(line) as { prefix?: unknown; period?: unknown; value?: unknown; last_value?: unknown }
  } catch {
    throw new Error(
      `line ${at} of ${file} is no JSON: give an export, or a file with a row of the feed a line`,
    )
  }
}

/** The order that a key was made for: its reference, which a number conflict gave an attempt, as in `…:2`. */
const referenceIn = (key: string) => key.replace(/:\d+$/, '')

/** What the ledger lacks of what is known, and the orders that are lacking for it. */
export function compareWith(ledger: RestoredLedger, { highest, orders, references }: Evidence) {
  const behind: Behind[] = []
  for (const [key, known] of highest) {
    const [prefix, period] = key.split('\n') as [string, string]
    const last = ledger.last.get(key) ?? 0
    if (known > last) behind.push({ prefix, period, last, known })
  }
  return {
    behind,
    /** Numbers that were drawn for orders that are not there. */
    withoutOrder: [...ledger.held]
      .map(([number, key]) => ({ number, reference: referenceIn(key) }))
      .filter(({ reference }) => references !== undefined && !references.has(reference)),
    /** Orders whose number the ledger does not have. */
    missing: orders.filter(({ number }) => !ledger.orderNumbers.has(number)),
    /** Orders whose number was drawn only for something else: it was issued a second time, after the restored moment. */
    doubled: orders.filter(({ number, reference }) => {
      const keys = [...(ledger.orderNumbers.get(number) ?? [])].map(referenceIn)
      // Skipped by an earlier restore: explained, and nobody's.
      const isSkipped = keys.some((key) => key.startsWith('restore '))
      return keys.length > 0 && !keys.includes(reference) && !isSkipped
    }),
  }
}
