import { grpcStatusOf } from '@ordinal/errors'
import { testErrorTable } from '@ordinal/testing/error-table'
import { AppError, errorTable, type ErrorCode } from '../src/domain/errors'

testErrorTable(errorTable, grpcStatusOf)

test.each<[ErrorCode, string]>([
  ['sequence_not_found', 'NOT_FOUND'],
  ['sequence_exists', 'ALREADY_EXISTS'],
  ['rules_changed', 'ABORTED'],
  ['sequencer_overloaded', 'UNAVAILABLE'],
])('over gRPC %s is %s', (code, status) => {
  expect(grpcStatusOf(errorTable[code])).toBe(status)
})

test('each code can be thrown, and has its status', () => {
  for (const code of Object.keys(errorTable) as ErrorCode[])
    expect(new AppError(code, 'x').status).toBe(errorTable[code].status)
})
