import { grpcStatusOf } from '@ordinal/errors'
import { testErrorTable } from '@ordinal/testing/error-table'
import { AppError, errorTable, type ErrorCode } from '../src/domain/errors'

testErrorTable(errorTable, grpcStatusOf)

test.each<[ErrorCode, string]>([
  ['illegal_transition', 'FAILED_PRECONDITION'],
  ['user_service_unavailable', 'UNAVAILABLE'],
])('over gRPC %s is %s', (code, status) => {
  expect(grpcStatusOf(errorTable[code])).toBe(status)
})

test('each code can be thrown, and has its status', () => {
  for (const code of Object.keys(errorTable) as ErrorCode[])
    expect(new AppError(code, 'x').status).toBe(errorTable[code].status)
})
