import type { ExportFilter, Ordinal } from '@ordinal/client'
import { linesOf } from '../lines'

/** How far the restored ledger is. */
export interface RestoredLedger {
  /** The last value of each counter, by `counterKey`. */
  last: Map<string, number>
  /** The numbers of the sequence of orders, with the key that drew each first: the reference of the order. */
  orderNumbers: Map<string, string>
}

export const counterKey = (prefix: string, period: string): string => `${prefix}\n${period}`

// No entry is so late: what is left of an export are its counters.
const never = '9999-01-01T00:00:00Z'

interface Line {
  type?: string
  prefix?: string
  period?: string
  last_value?: number
  number?: string
  idempotency_key?: string
  revision?: number
}

/**
 * Reads the counters of a ledger, and the numbers of one sequence.
 *
 * @param ordersPrefix undefined: no numbers
 * @throws OrdinalError if the sequencer refuses or does not answer, Error if an export breaks off
 */
export async function readRestoredLedger(
  ordinal: Ordinal,
  ordersPrefix: string | undefined,
): Promise<RestoredLedger> {
  const last = new Map<string, number>()
  const orderNumbers = new Map<string, string>()
  for await (const { type, prefix = '', period = '', last_value: value } of linesOfExport(ordinal, {
    from: never,
  }))
    if (type === 'counter' && value !== undefined) last.set(counterKey(prefix, period), value)
  const hasOrders = [...last.keys()].some((key) => key.startsWith(`${ordersPrefix}\n`))
  if (ordersPrefix !== undefined && hasOrders)
    for await (const line of linesOfExport(ordinal, { prefix: ordersPrefix }))
      if (line.type === 'entry' && !orderNumbers.has(line.number!))
        orderNumbers.set(line.number!, line.idempotency_key!)
  return { last, orderNumbers }
}

async function* linesOfExport(ordinal: Ordinal, filter: Omit<ExportFilter, 'format'>): AsyncGenerator<Line> {
  let ended = false
  for await (const line of linesOf(ordinal.audit.export({ ...filter, format: 'ndjson' }))) {
    const parsed = JSON.parse(line) as Line
    ended = parsed.type === 'end'
    yield parsed
  }
  if (!ended) throw new Error('the export of the ledger broke off; try again')
}
