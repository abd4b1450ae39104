import { Buffer } from 'node:buffer'
import { hash } from 'node:crypto'
import type { Frame } from './number'
import type { BatchRecord, EntryRecord } from './records'
import { requestFields } from './request-fields'
import { requestText, separator, sound } from './request-text'
import { bytesOfTime, microsecondsOf } from './time'

// The hash chain of a counter (docs/decisions/0008). A JSON array of strings, integers and nulls as JSON.stringify
// writes it is canonical (RFC 8785), and unlike joined texts it cannot be read in two ways. The first field is the
// version of the format.

const fieldsOfFormat1 = requestFields.slice(0, 9)
const laterFields = requestFields.slice(9)

/**
 * The SHA-256 of a request of format 1, from the rows that it got: 32 bytes. Its fields are the first nine for ever; a
 * later one was put into a row by hand, and so gives another digest.
 */
function requestDigest(rows: readonly EntryRecord[]): Buffer {
  const row = rows[0]!
  return sha256([
    'ordinal-request-v1',
    row.event,
    row.caller,
    row.idempotency_key,
    rows.length,
    ...fieldsOfFormat1.map((field) => row[field]),
    ...laterFields.map((field) => row[field] ?? null).filter((value) => value !== null),
  ])
}

/** The SHA-256 of what all rows of a batch of format 1 share: 32 bytes. */
const headerOf = (batch: BatchRecord): Buffer =>
  sha256([
    'ordinal-batch-v1',
    batch.prefix,
    batch.period,
    batch.number_head,
    batch.number_width,
    batch.number_tail,
    batch.rules_version,
    batch.gap_policy,
  ])

const sha256 = (fields: readonly (string | number | null)[]) =>
  hash('sha256', JSON.stringify(fields), 'buffer')

/** The frame of the new numbers of a batch; null in a batch of later steps. */
export const frameOfBatch = ({ number_head, number_width, number_tail }: BatchRecord): Frame | null =>
  number_head === null || number_width === null || number_tail === null
    ? null
    : { head: number_head, width: number_width, tail: number_tail }

/** The rows of a batch by request, in order: a request's numbers are its items 0, 1, 2. */
export function requestsIn<Row extends EntryRecord>(entries: readonly Row[]): Row[][] {
  const requests: Row[][] = []
  for (const entry of entries) {
    const last = requests.at(-1)
    if (last && entry.item > 0) last.push(entry)
    else requests.push([entry])
  }
  return requests
}

/** What a request adds to the hash of its batch, from the rows that it got. */
export const digestOfRows = (rows: readonly EntryRecord[], { format }: BatchRecord): Buffer =>
  format === 2 ? Buffer.from(requestText(rows)) : requestDigest(rows)

/**
 * The hash of a batch from its rows, in their order: 32 bytes.
 *
 * @param previous the hash of the batch before
 * @param digests of the batch's requests, in order
 */
export function linkHash(
  previous: Buffer,
  batch: BatchRecord,
  entries: readonly EntryRecord[],
  digests: readonly Buffer[],
): Buffer {
  const link =
    batch.format === 2
      ? [previous, Buffer.from(headText(batch, entries)), ...digests.flatMap((text) => [between, text])]
      : [previous, headerOf(batch), ...digests, endOfLink(batch, entries)]
  return hash('sha256', Buffer.concat(link), 'buffer')
}

const between = Buffer.from(separator)

/** What comes before the requests of a batch of format 2: the same as in link_hash of the database. */
function headText(batch: BatchRecord, entries: readonly EntryRecord[]): string {
  const frame = frameOfBatch(batch)
  return [
    'ordinal-batch-v2',
    batch.prefix,
    batch.period,
    batch.batch,
    batch.rules_version,
    batch.gap_policy,
    batch.rows,
    microsecondsOf(batch.at),
    ...(frame ? [`N${frame.head}`, `W${frame.width}`, `T${frame.tail}`] : []),
    runsOf(entries)
      .map((run) => run.join(':'))
      .join(','),
  ]
    .map(sound)
    .join(separator)
}

/** A run of each value that is not new, then the one run of those that are: value, revision, count. */
function runsOf(entries: readonly EntryRecord[]): [number, number, number][] {
  const fresh = entries.filter(({ revision }) => revision === 1)
  const runs = entries
    .filter(({ revision }) => revision > 1)
    .map(({ value, revision }): [number, number, number] => [value, revision, 1])
  if (fresh[0]) runs.push([fresh[0].value, 1, fresh.length])
  return runs
}

function endOfLink({ at }: BatchRecord, entries: readonly EntryRecord[]): Buffer {
  const runs = runsOf(entries)
  const bytes = Buffer.alloc(runs.length * 16)
  let end = 0
  for (const [value, revision, count] of runs) {
    end = bytes.writeBigInt64BE(BigInt(value), end)
    end = bytes.writeInt32BE(revision | 0, end)
    end = bytes.writeInt32BE(count, end)
  }
  return Buffer.concat([bytes, bytesOfTime(at)])
}
