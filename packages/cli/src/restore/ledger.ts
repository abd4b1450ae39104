import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { verifyExport, type Checkpoint, type Finding } from '@ordinal/audit'
import type { Ordinal } from '@ordinal/client'
import { BrokenOffError } from '../exit-codes'
import { linesOf } from '../lines'

/** How far the restored ledger is. */
export interface RestoredLedger {
  /** The last value of each counter, by `counterKey`. */
  last: Map<string, number>
  /** The numbers of the sequences of orders, each with the keys of all that happened to it: those of orders are references. */
  orderNumbers: Map<string, Set<string>>
  /** Those that somebody holds, each with the key by which it was drawn: of an order, its reference. */
  held: Map<string, string>
  /** What does not fit a checkpoint, or the proofs of the ledger; nothing if no checkpoint was given. */
  findings: readonly Finding[]
}

export const counterKey = (prefix: string, period: string): string => `${prefix}\n${period}`

interface Entry {
  type: 'entry'
  prefix: string
  number: string
  event: string
  state: string
  idempotency_key: string
}
type Line =
  | { type: 'counter'; prefix: string; period: string; last_value: number }
  | Entry
  | { type: 'end'; counters: number }
  | { type: 'export' | 'register' | 'registered' | 'batch' | 'stray' }

/**
 * Reads the counters of a ledger, and the numbers of some sequences, from an export of all of it: one of a stretch of time
 * leaves out the counters that nothing was written to.
 *
 * @param ordersPrefixes the sequences of orders
 * @param checkpoint what it is compared with as it is read; undefined: nothing
 * @throws OrdinalError if the sequencer refuses or does not answer, BrokenOffError if the export is cut off, Error if it
 *   has no counters and the ledger has numbers
 */
export async function readRestoredLedger(
  ordinal: Ordinal,
  ordersPrefixes: readonly string[],
  checkpoint?: Checkpoint,
): Promise<RestoredLedger> {
  const last = new Map<string, number>()
  const orderNumbers = new Map<string, Set<string>>()
  const held = new Map<string, string>()
  function note(line: Line): void {
    if (line.type === 'counter') last.set(counterKey(line.prefix, line.period), line.last_value)
    if (line.type === 'entry' && ordersPrefixes.includes(line.prefix)) {
      const keys = orderNumbers.get(line.number) ?? new Set()
      orderNumbers.set(line.number, keys.add(line.idempotency_key))
      follow(line, held)
    }
  }
  const lines = wholeExport(ordinal, note)
  let findings: readonly Finding[] = []
  if (checkpoint) findings = (await verifyExport(lines, [checkpoint])).findings
  else await finished(Readable.from(lines).resume())
  if (last.size === 0 && (await hasNumbers(ordinal)))
    throw new Error('The ledger has numbers, and its export has no counters: nothing can be compared')
  return { last, orderNumbers, held, findings }
}

/** The lines of an export, each noted before it is given on. */
async function* wholeExport(ordinal: Ordinal, note: (line: Line) => void): AsyncGenerator<string> {
  let ended = false
  for await (const text of linesOf(ordinal.audit.export({ format: 'ndjson' }))) {
    const line = JSON.parse(text) as Line
    ended = line.type === 'end'
    note(line)
    yield text
  }
  if (!ended) throw new BrokenOffError('The export of the ledger was cut off; try again')
}

/** Takes a step of a number, which come in their order: it may have a holder from then on, or none. */
function follow({ number, event, state, idempotency_key: key }: Entry, held: Map<string, string>): void {
  if (state !== 'issued' && state !== 'reserved') held.delete(number)
  else if (event === 'issue' || event === 'reserve') held.set(number, key)
}

const hasNumbers = async ({ audit }: Ordinal): Promise<boolean> =>
  (await audit.page({ page_size: 1 })).data.length > 0
