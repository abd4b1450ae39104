import { testErrorTable } from '@ordinal/testing/error-table'
import { AppError, commonErrors, defineErrors, grpcStatusOf, isAppError, toProblem } from '../src'

testErrorTable(commonErrors, grpcStatusOf)

const errorTable = defineErrors({
  email_taken: {
    status: 409,
    title: 'The e-mail address is taken',
    cause: 'Another user has it.',
    remedy: 'Use another address.',
    example: 'ada@example.com belongs to another user',
  },
})
class UserError extends AppError<keyof typeof errorTable> {
  static override readonly table = errorTable
}

test('a problem has the members of RFC 9457 and ours, and nothing of the cause', () => {
  const error = new UserError('email_taken', 'ada@example.com belongs to another user', {
    cause: new Error('pg: secret'),
  })
  expect(toProblem(error, 'r-1')).toEqual({
    type: '/errors/email_taken',
    title: 'The e-mail address is taken',
    status: 409,
    detail: 'ada@example.com belongs to another user',
    code: 'email_taken',
    request_id: 'r-1',
  })
  expect(JSON.stringify(toProblem(error, 'r-1'))).not.toContain('secret')
})

test("a service's table has its own errors and those of any service, and types refuse other codes", () => {
  expect(new UserError('rate_limited', 'x').status).toBe(429)
  // @ts-expect-error: a typo is no code
  expect(new UserError('email_takn', 'x').kind).toBeUndefined()
  // @ts-expect-error: a library knows no error of a service
  expect(new AppError('email_taken', 'x').kind).toBeUndefined()
})

test('an error of a service and one of a library are both recognised, and no other', () => {
  expect(isAppError(new UserError('email_taken', 'x'))).toBe(true)
  expect(isAppError(new AppError('rate_limited', 'x'))).toBe(true)
  expect(isAppError(new Error('x'))).toBe(false)
})
