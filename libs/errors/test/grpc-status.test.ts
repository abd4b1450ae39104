import { commonErrors, grpcStatusOf, type CommonCode } from '../src'

test.each<[CommonCode, string]>([
  ['validation_failed', 'INVALID_ARGUMENT'],
  ['invalid_api_key', 'UNAUTHENTICATED'],
  ['role_too_low', 'PERMISSION_DENIED'],
  ['route_not_found', 'NOT_FOUND'],
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
  expect(grpcStatusOf(commonErrors[code])).toBe(status)
})

test('an error may name a gRPC status that its HTTP status does not lead to', () => {
  expect(grpcStatusOf({ status: 409 })).toBe('FAILED_PRECONDITION')
  expect(grpcStatusOf({ status: 409, grpc: 'ALREADY_EXISTS' })).toBe('ALREADY_EXISTS')
})

test('only an unknown outcome, of all errors, is UNKNOWN: each HTTP status has its gRPC status', () => {
  const unknown = Object.entries(commonErrors).filter(([, kind]) => grpcStatusOf(kind) === 'UNKNOWN')
  expect(unknown.map(([code]) => code)).toEqual(['outcome_unknown'])
})
