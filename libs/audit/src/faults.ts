import type { Finding } from './findings'
import type { BatchRecord, EntryRecord } from './records'

/** A finding of a counter, without the counter. */
export type Fault = Partial<Finding> & Pick<Finding, 'kind' | 'detail'>

/** What a finding says of its place when there is none. */
export const nowhere = {
  prefix: null,
  period: null,
  batch: null,
  position: null,
  value: null,
  number: null,
  rows: null,
  column: null,
  object: null,
}

/** Where a row is, for a finding. */
export const placeOf = ({ batch, position, value, number }: Omit<EntryRecord, 'type'>) => ({
  batch,
  position,
  value,
  number,
})

/** The finding that a column of a row has another value than it was written with. */
export const altered = (row: EntryRecord, column: string | null, what: string) => ({
  kind: 'altered' as const,
  ...placeOf(row),
  rows: 1,
  column,
  detail: `${nameOf(row)} was altered: its ${column} ${what}`,
})

/** The finding that a column of a batch has another value than it was written with. */
export const ofBatch = ({ batch }: BatchRecord, column: string, what: string) => ({
  kind: 'altered' as const,
  batch,
  column,
  detail: `batch ${batch} itself was altered: its ${column} ${what}`,
})

/** The finding that two rows stand in each other's place. */
export const swapped = (row: EntryRecord, other: EntryRecord, what: string) => ({
  kind: 'swapped' as const,
  ...placeOf(row),
  rows: 2,
  column: null,
  detail:
    `${what} ${nameOf(row)} and ${nameOf(other)} were swapped` +
    (row.batch === other.batch ? ` (batch ${row.batch})` : ` (batches ${row.batch} and ${other.batch})`),
})

export const nameOf = ({ value, number, revision }: Omit<EntryRecord, 'type'>) =>
  `the value ${value} (${number}${revision > 1 ? `, revision ${revision}` : ''})`

export const nameOfCounter = (prefix: string, period: string) => (period ? `${prefix} in ${period}` : prefix)
