import type { Finding } from './findings'
import type { BatchRecord, EntryRecord } from './records'
import { microsecondsOf } from './time'

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

/**
 * Why something that a checkpoint has is not in what was read.
 *
 * @param at of the checkpoint
 * @param readAt when it was read, if that may be before the checkpoint: an export says it of itself, unsigned
 * @param end what was cut off otherwise
 */
export const whyGone = (at: string, readAt: string | undefined, end: string): string =>
  isReadBefore(at, readAt)
    ? `and has none here, which was read before that, at ${readAt}: it was written in between, or ${end} was cut off. ${whatTells}`
    : `and has none now: ${end} was cut off`

/** Whether a checkpoint is from after what it is compared with was read. */
export const isReadBefore = (at: string, readAt: string | undefined): boolean =>
  readAt !== undefined && microsecondsOf(readAt) < microsecondsOf(at)

export const whatTells = 'The last checkpoint from before the reading can tell'

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
