import { Buffer } from 'node:buffer'
import { digestOfRows, linkHash } from './chain'
import type { Finding } from './findings'
import type { BatchRecord, EntryRecord } from './records'
import { requestFields } from './request-fields'

/** A batch whose rows do not give its hash. */
export interface Link {
  batch: BatchRecord
  steps: readonly EntryRecord[]
  requests: readonly EntryRecord[][]
  digests: readonly Buffer[]
  /** The hash of the batch before. */
  previous: Buffer
  finding: Finding | undefined
}

interface Swap {
  row: EntryRecord
  /** The link that has the other row: the same, or one that was found broken before. */
  other: Link
  otherRow: EntryRecord
  what: string
}

// The hash of a batch of 500 requests takes some 10 µs: this bounds the search to a fraction of a second.
const mostTries = 20_000

const columns = ['idempotency_key', 'caller', ...requestFields, 'event'] as const

/**
 * Finds the two rows whose exchange, whole or in one column, makes the link right again: then that is what was done to
 * them. Undefined if no exchange does, or there are too many to try.
 */
export function findSwap(link: Link, others: readonly Link[]): Swap | undefined {
  let tries = 0
  const hashes = (of: Link, digests: readonly Buffer[]) => {
    tries += 1 + digests.length / 64
    return linkHash(of.previous, of.batch, of.steps, digests).equals(Buffer.from(of.batch.hash, 'hex'))
  }

  for (const other of [link, ...others])
    for (const exchanged of exchanges)
      for (const [i, request] of link.requests.entries())
        for (const [j, otherRequest] of other.requests.entries()) {
          if (tries > mostTries) return undefined
          if (other === link && j <= i) continue
          const [row, otherRow] = [request[0]!, otherRequest[0]!]
          if (request.length > 1 || otherRequest.length > 1) continue
          const changed = exchanged(row, otherRow)
          if (!changed) continue
          const here = link.digests.with(i, digestOfRows([changed.row], link.batch))
          const there = (other === link ? here : other.digests).with(
            j,
            digestOfRows([changed.otherRow], other.batch),
          )
          const right = other === link ? hashes(link, there) : hashes(link, here) && hashes(other, there)
          if (right) return { row, other, otherRow, what: changed.what }
        }
  return undefined
}

type Exchange = (
  row: EntryRecord,
  otherRow: EntryRecord,
) => { row: EntryRecord; otherRow: EntryRecord; what: string } | undefined

const exchanges: Exchange[] = [
  (row, otherRow) => ({ row: otherRow, otherRow: row, what: 'the rows of' }),
  ...columns.map(
    (column): Exchange =>
      (row, otherRow) =>
        row[column] === otherRow[column]
          ? undefined
          : {
              row: { ...row, [column]: otherRow[column] },
              otherRow: { ...otherRow, [column]: row[column] },
              what: `the ${column} of`,
            },
  ),
]
