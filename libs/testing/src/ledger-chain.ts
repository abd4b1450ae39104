import { hash } from 'node:crypto'

/** A row of `batches`, with its time in microseconds since 1970. */
export interface ChainedBatch {
  prefix: string
  period: string
  batch: string
  rows: number
  feed: string
  format: number
  rules_version: number
  gap_policy: string
  number_head: string | null
  number_width: number | null
  number_tail: string | null
  at_us: string
}

/** A row of `ledger`, with its business date as text. */
export type ChainedRow = Record<
  (typeof requestFields)[number] | 'caller' | 'idempotency_key' | 'event',
  string | null
> & {
  value: string
  revision: number
}

const requestFields = [
  'hold_seconds',
  'client_id',
  'generated_by',
  'site_id',
  'partition_id',
  'invoice_type',
  'business_date',
  'reason',
  'request_id',
] as const

/**
 * The hash of a batch in the sequencer's chain, from what the tables hold; written again from its description
 * (docs/decisions/0008).
 *
 * @param head the hash of the batch before; 32 zeros for the first
 * @param rows all rows of the batch, in their order
 */
export function chainHash(head: Buffer, batch: ChainedBatch, rows: ChainedRow[]): Buffer {
  const sha256 = (fields: unknown[]) => hash('sha256', JSON.stringify(fields), 'buffer')
  const requests = groupBy(rows, (row) => `${row.caller}\n${row.idempotency_key}`)
  if (batch.format === 2) return chainHashOfText(head, batch, rows, [...requests.values()])
  const digests = [...requests.values()].map((items) => {
    const { event, caller, idempotency_key, ...row } = items[0]!
    const fields = requestFields.map((field) => row[field])
    return sha256(['ordinal-request-v1', event, caller, idempotency_key, items.length, ...fields])
  })
  const { prefix, period, number_head, number_width, number_tail, rules_version, gap_policy } = batch
  const header = sha256([
    'ordinal-batch-v1',
    prefix,
    period,
    number_head,
    number_width,
    number_tail,
    rules_version,
    gap_policy,
  ])
  const fresh = rows.filter(({ revision }) => revision === 1)
  const runs = rows
    .filter(({ revision }) => revision > 1)
    .map(({ value, revision }) => ({ value, revision, count: 1 }))
  if (fresh[0]) runs.push({ value: fresh[0].value, revision: 1, count: fresh.length })
  const at = Buffer.alloc(8)
  at.writeBigInt64BE(BigInt(batch.at_us))
  const hashed = [head, header, ...digests, ...runs.map(runOf), at]
  return hash('sha256', Buffer.concat(hashed), 'buffer')
}

/** Format 2 (docs/decisions/0044). */
function chainHashOfText(head: Buffer, batch: ChainedBatch, rows: ChainedRow[], requests: ChainedRow[][]) {
  const { number_head, number_width, number_tail } = batch
  const frame = number_head === null ? [] : [`N${number_head}`, `W${number_width}`, `T${number_tail}`]
  const fresh = rows.filter(({ revision }) => revision === 1)
  const runs = rows
    .filter(({ revision }) => revision > 1)
    .map(({ value, revision }) => `${value}:${revision}:1`)
  if (fresh[0]) runs.push(`${fresh[0].value}:1:${fresh.length}`)
  const fields = [
    'ordinal-batch-v2',
    ...[batch.prefix, batch.period, batch.batch, batch.rules_version, batch.gap_policy, batch.rows],
    ...[batch.at_us, ...frame, runs.join(',')],
    ...requests.flatMap((items) => {
      const { event, caller, idempotency_key, ...row } = items[0]!
      const optional = requestFields.map((name, index) => [`${'HCGSPTDRI'[index]}`, row[name]] as const)
      const given = optional.flatMap(([letter, value]) => (value === null ? [] : [`${letter}${value}`]))
      return [event, caller, idempotency_key, items.length, ...given]
    }),
  ]
  return hash('sha256', Buffer.concat([head, Buffer.from(fields.join('\x1f'))]), 'buffer')
}

function runOf({ value, revision, count }: { value: string; revision: number; count: number }): Buffer {
  const run = Buffer.alloc(16)
  run.writeBigInt64BE(BigInt(value), 0)
  run.writeInt32BE(revision, 8)
  run.writeInt32BE(count, 12)
  return run
}

function groupBy<T>(items: T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item])
  return groups
}
