import type { Ordinal } from '@ordinal/client'
import { BrokenOffError } from '../exit-codes'
import { linesOf } from '../lines'

/** How far the restored ledger is. */
export interface RestoredLedger {
  /** The last value of each counter, by `counterKey`. */
  last: Map<string, number>
  /** The numbers of the sequence of orders, each with the keys of all that happened to it: those of orders are references. */
  orderNumbers: Map<string, Set<string>>
}

export const counterKey = (prefix: string, period: string): string => `${prefix}\n${period}`

type Line =
  | { type: 'counter'; prefix: string; period: string; last_value: number }
  | { type: 'entry'; prefix: string; number: string; idempotency_key: string }
  | { type: 'end'; counters: number }
  | { type: 'export' | 'register' | 'registered' | 'batch' | 'stray' }

/**
 * Reads the counters of a ledger, and the numbers of one sequence, from an export of all of it: one of a stretch of time
 * leaves out the counters that nothing was written to.
 *
 * @param ordersPrefix undefined: no numbers
 * @throws OrdinalError if the sequencer refuses or does not answer, BrokenOffError if the export is cut off, Error if it
 *   has no counters and the ledger has numbers
 */
export async function readRestoredLedger(
  ordinal: Ordinal,
  ordersPrefix: string | undefined,
): Promise<RestoredLedger> {
  const last = new Map<string, number>()
  const orderNumbers = new Map<string, Set<string>>()
  let ended = false
  for await (const text of linesOf(ordinal.audit.export({ format: 'ndjson' }))) {
    const line = JSON.parse(text) as Line
    ended = line.type === 'end'
    if (line.type === 'counter') last.set(counterKey(line.prefix, line.period), line.last_value)
    if (line.type === 'entry' && line.prefix === ordersPrefix) {
      const keys = orderNumbers.get(line.number) ?? new Set()
      orderNumbers.set(line.number, keys.add(line.idempotency_key))
    }
  }
  if (!ended) throw new BrokenOffError('The export of the ledger was cut off; try again')
  if (last.size === 0 && (await hasNumbers(ordinal)))
    throw new Error('The ledger has numbers, and its export has no counters: nothing can be compared')
  return { last, orderNumbers }
}

const hasNumbers = async ({ audit }: Ordinal): Promise<boolean> =>
  (await audit.page({ page_size: 1 })).data.length > 0
