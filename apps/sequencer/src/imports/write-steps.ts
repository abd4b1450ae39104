import { formatNumber } from '@ordinal/audit'
import { databaseErrorOf } from '@ordinal/database'
import { AppError } from '../domain/errors'
import { fieldsOfNumbers, type LedgerRequest } from '../ledger/request'
import { issueNumbers } from '../ledger/statements'
import { reasonOfSkipped, type Step } from './plan'
import { readOrigins } from './queries'
import { retried } from './retried'
import type { ImportOrder, ImportRun } from './run'

type Writing = Pick<ImportRun, 'db' | 'sequence' | 'order' | 'write'>

/**
 * Writes steps in one transaction.
 *
 * @returns false, and nothing is written, if the counter is elsewhere by now
 * @throws AppError `ledger_behind`, `period_closed`, `rules_overlap`, `rules_changed`
 */
export function writeSteps(writing: Writing, period: string, steps: readonly Step[]): Promise<boolean> {
  const { db, sequence, order, write } = writing
  const { date, from } = steps[0]!
  const requests = steps.flatMap((step) => requestsOf(step, order))
  return retried(async (lost) => {
    try {
      await write((server) => issueNumbers(db, sequence, date, requests, false, { expected: from, server }))
      return true
    } catch (error) {
      // If the answer of an earlier attempt was lost, it was perhaps that which moved the counter.
      if (databaseErrorOf(error)?.sqlState === 'OR007')
        return lost && (await isWritten(writing, period, from))
      throw refusalOf(error, order.prefix)
    }
  })
}

function refusalOf(error: unknown, prefix: string): unknown {
  const cause = { cause: error }
  switch (databaseErrorOf(error)?.sqlState) {
    case 'OR023':
      return new AppError('period_closed', (error as Error).message, cause)
    case 'OR031':
      return new AppError('rules_overlap', (error as Error).message, cause)
    case 'OR001':
      return new AppError(
        'rules_changed',
        `The rules of ${prefix} have changed; import the file again`,
        cause,
      )
    default:
      return error
  }
}

/** Whether it was this very import that has written the value. */
async function isWritten({ db, order }: Writing, period: string, value: number): Promise<boolean> {
  const origin = (await readOrigins(db, order.prefix, period, [value])).get(value)
  return origin?.caller === order.caller && origin.request_id === order.requestId
}

function requestsOf({ from, skip, row, frame }: Step, order: ImportOrder): LedgerRequest[] {
  const common = { prefix: order.prefix, caller: order.caller, request_id: order.requestId }
  const requests: LedgerRequest[] = []
  // No caller's key has a space, so these are the keys of nothing else.
  if (skip > 0)
    requests.push({
      event: 'skip',
      count: skip,
      key: `skip ${formatNumber(frame, from)}`,
      reason: reasonOfSkipped,
      ...common,
    })
  if (row) {
    const { number, void: isVoid, ...fields } = row.fields
    requests.push({
      event: isVoid ? 'skip' : 'import',
      count: 1,
      key: `import ${number}`,
      ...common,
      ...fieldsOfNumbers(fields),
    })
  }
  return requests
}
