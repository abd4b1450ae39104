import { frameOfBatch } from './chain'
import { altered, nameOf, placeOf, swapped, type Fault } from './faults'
import { formatNumber } from './number'
import type { BatchRecord, EntryRecord } from './records'
import { requestFields } from './request-fields'
import { nextState, type NumberEvent, type NumberState } from './states'

/** A row, and the step of its value before it: null if there is none, undefined if that is not known. */
export interface Step extends EntryRecord {
  before: { state: NumberState; number: string } | null | undefined
}

/** The rows of a batch have the positions 1, 2, 3 up to as many as it says. */
export function wrongRows(batch: BatchRecord, steps: readonly Step[]): Fault | undefined {
  const index = steps.findIndex(({ position }, index) => position !== index + 1)
  const gap = index < 0 ? steps.length + 1 : index + 1
  if (index < 0 && steps.length === batch.rows) return undefined
  if (steps.length < batch.rows) {
    const before = steps[gap - 2]
    const isNew = before === undefined ? frameOfBatch(batch) !== null : before.revision === 1
    const value = isNew && before ? before.value + 1 : null
    const missing = batch.rows - steps.length
    return {
      kind: 'missing' as const,
      batch: batch.batch,
      position: gap,
      value,
      rows: missing,
      detail:
        `batch ${batch.batch} has ${batch.rows} rows, and ${missing} of them ${missing === 1 ? 'is' : 'are'} missing: ` +
        `the first at position ${gap}${value === null ? '' : `, with the value ${value}`}`,
    }
  }
  const row = steps[index < 0 ? Math.max(batch.rows, 0) : index]!
  if (steps.length > batch.rows)
    return {
      kind: 'added' as const,
      ...placeOf(row),
      rows: steps.length - batch.rows,
      detail: `${nameOf(row)} is one more than the ${batch.rows} rows of batch ${batch.batch}`,
    }
  return altered(row, 'position', `is ${row.position}, where ${index + 1} belongs`)
}

/** The first fault of a row: a column that differs from what the batch and the step before give, or a step that is missing or illegal. */
export function wrongColumn(batch: BatchRecord, step: Step): Fault | undefined {
  const { before, revision, value, event, state, number } = step
  for (const column of ['prefix', 'period', 'batch'] as const)
    if (step[column] !== batch[column])
      return altered(step, column, `is ${step[column]}, and that of its batch ${batch[column]}`)
  if (step.at !== batch.at) return altered(step, 'at', `is ${step.at}, and that of its batch ${batch.at}`)
  if (!(revision >= 1)) return altered(step, 'revision', `is ${revision}, and the first is 1`)
  if (revision > 1 && before === null)
    return {
      kind: 'missing' as const,
      ...placeOf(step),
      rows: 1,
      detail: `the step before revision ${revision} of the value ${value} is missing`,
    }
  const frame = frameOfBatch(batch)
  const expected = frame ? formatNumber(frame, value) : before?.number
  if (expected !== undefined && number !== expected)
    return altered(step, 'number', `is ${number}, where ${expected} belongs`)
  const misplaced = isOfNewNumber(event) === (frame !== null) ? undefined : inWrongBatch(step, frame !== null)
  if (before === undefined) return misplaced

  const follows = nextState(event, before?.state ?? null, batch.gap_policy)
  if (follows === null)
    return {
      kind: 'illegal_step' as const,
      ...placeOf(step),
      rows: 1,
      column: 'event',
      detail: `${nameOf(step)} was ${before?.state ?? 'unused'}, and so cannot have had the event ${event}`,
    }
  if (follows !== state) return altered(step, 'state', `is ${state}, and ${event} makes ${follows}`)
  return misplaced
}

const isOfNewNumber = (event: NumberEvent) =>
  ['issue', 'reserve', 'suppress', 'import', 'skip'].includes(event)

/** New numbers are in batches with a frame, and later steps in batches without. */
const inWrongBatch = (step: Step, hasFrame: boolean) =>
  altered(
    step,
    'event',
    `is ${step.event}, in a batch ${hasFrame ? 'of new numbers' : 'that has no form of its numbers'}`,
  )

const ofRequest = ['event', 'caller', 'idempotency_key', ...requestFields] as const

/** The numbers of one request have all columns but a few in common. */
export function wrongRequest(requests: readonly Step[][]): Fault | undefined {
  for (const rows of requests) {
    const index = rows.findIndex(({ item }, index) => item !== index)
    if (index >= 0) return altered(rows[index]!, 'item', `is ${rows[index]!.item}, where ${index} belongs`)
    if (rows.length > 1)
      for (const column of ofRequest) {
        const odd = oddOne(rows, column)
        if (odd)
          return altered(odd, column, `is ${odd[column] ?? 'null'}, and another in the rest of its request`)
      }
  }
  return undefined
}

/**
 * Released values go to the first requests for one number, in their order. The hash of a batch has them before the new
 * ones, whichever rows they are in, so it stays the same when such a row and one of a new value change places.
 */
export function wrongReuse(requests: readonly Step[][]): Fault | undefined {
  const reused = requests.flat().filter(isReused)
  const first = requests
    .flatMap(([row, ...others]) => (row && others.length === 0 && isDrawn(row.event) ? [row] : []))
    .slice(0, reused.length)
  const misses = first.find((row) => !isReused(row))
  const has = reused.find((row) => !first.includes(row))
  if (has && misses) return swapped(has, misses, 'the values of')
  return has && altered(has, 'value', 'is a released one, which only a request for one number gets')
}

const isReused = ({ event, revision }: Step) => revision > 1 && isOfNewNumber(event)
const isDrawn = (event: NumberEvent) => ['issue', 'reserve', 'suppress'].includes(event)

/** The row that has something else in a column than most. */
function oddOne(rows: readonly EntryRecord[], column: (typeof ofRequest)[number]): EntryRecord | undefined {
  if (rows.every((row) => row[column] === rows[0]![column])) return undefined
  const countOf = (row: EntryRecord) => rows.filter((other) => other[column] === row[column]).length
  return rows.reduce((odd, row) => (countOf(row) <= countOf(odd) ? row : odd))
}
