import { requestFields, typeOf, type RequestField } from '@ordinal/audit'

/** SQL for a column of type `timestamptz` as in `2026-11-21T03:43:00.123456Z`; of infinity the empty text. */
export const inUtc = (column: string) =>
  `coalesce(to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), CASE WHEN ${column} IS NOT NULL THEN '' END)`

/** SQL for a bigint. A forged one that no number can hold is read as the least integer, which fits nowhere. */
export const whole = (column: string) =>
  `CASE WHEN ${column} BETWEEN ${Number.MIN_SAFE_INTEGER} AND ${Number.MAX_SAFE_INTEGER} THEN ${column}
        WHEN ${column} IS NOT NULL THEN ${Number.MIN_SAFE_INTEGER} END`
const wholeColumn = (column: string) => `${whole(column)} AS ${column.replace(/^\w+\./, '')}`

const requestColumn = (field: RequestField) =>
  typeOf(field) === 'date' ? `to_char(l.${field}::timestamp, 'YYYY-MM-DD') AS ${field}` : `l.${field}`

/** The columns of `ledger l` as they are in a record. */
export const entryColumns = `l.prefix, l.period, ${wholeColumn('l.batch')}, l.position, ${wholeColumn('l.value')}, l.revision, l.event, l.state, l.number,
  l.caller, l.idempotency_key, l.item, ${requestFields.map(requestColumn).join(', ')}, ${inUtc('l.at')} AS at`

export const batchColumns = `b.prefix, b.period, ${wholeColumn('b.batch')}, b.rules_version, b.gap_policy, b.number_head, b.number_width,
  b.number_tail, b.rows, b.format, encode(b.hash, 'hex') AS hash, ${wholeColumn('b.feed')}, ${inUtc('b.at')} AS at`
