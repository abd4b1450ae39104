import type { Finding } from './findings'
import type { Head } from './checkpoint'

/**
 * Compares what a checkpoint has kept with the ledger; undefined if it fits.
 *
 * @param hash of the batch that the checkpoint names, in hexadecimal; null if the ledger has no such batch
 */
export function compareHead(
  { prefix, period, batch, head }: Head,
  at: string,
  hash: string | null,
): Finding | undefined {
  if (hash === head) return undefined
  const counter = period ? `${prefix} in ${period}` : prefix
  return {
    kind: hash === null ? 'tail_cut' : 'rewritten',
    prefix,
    period,
    batch,
    position: null,
    value: null,
    number: null,
    rows: null,
    column: null,
    detail:
      hash === null
        ? `${counter} had a batch ${batch} at ${at}, and has none now: the end of the ledger was cut off`
        : `batch ${batch} of ${counter}, or one before it, was rewritten since ${at}: its hash was another then`,
  }
}
