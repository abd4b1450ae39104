import { errorTable, grpcStatusOf, type ErrorCode } from '../src'

const codes = Object.keys(errorTable) as ErrorCode[]

test.each<[ErrorCode, string]>([
  ['validation_failed', 'INVALID_ARGUMENT'],
  ['invalid_api_key', 'UNAUTHENTICATED'],
  ['role_too_low', 'PERMISSION_DENIED'],
  ['sequence_not_found', 'NOT_FOUND'],
  ['sequence_exists', 'ALREADY_EXISTS'],
  ['illegal_transition', 'FAILED_PRECONDITION'],
  ['idempotency_key_reused', 'FAILED_PRECONDITION'],
  ['idempotency_key_in_use', 'ABORTED'],
  ['version_mismatch', 'ABORTED'],
  ['rate_limited', 'RESOURCE_EXHAUSTED'],
  ['body_too_large', 'RESOURCE_EXHAUSTED'],
  ['deadline_exceeded', 'DEADLINE_EXCEEDED'],
  ['caller_gone', 'CANCELLED'],
  ['database_unavailable', 'UNAVAILABLE'],
  ['internal_error', 'INTERNAL'],
])('%s is %s', (code, status) => {
  expect(grpcStatusOf(code)).toBe(status)
})

test('only an unknown outcome, of all errors, is UNKNOWN: each HTTP status has its gRPC status', () => {
  expect(codes.filter((code) => grpcStatusOf(code) === 'UNKNOWN')).toEqual(['outcome_unknown'])
})

test('an error of the caller is never one that clients repeat by themselves, and one of ours never theirs', () => {
  for (const code of codes) {
    const { status } = errorTable[code]
    const ours = ['INTERNAL', 'UNAVAILABLE', 'UNKNOWN', 'DEADLINE_EXCEEDED', 'UNIMPLEMENTED']
    if (status >= 500) expect(ours).toContain(grpcStatusOf(code))
    else expect(['INTERNAL', 'UNAVAILABLE', 'UNKNOWN']).not.toContain(grpcStatusOf(code))
  }
})
