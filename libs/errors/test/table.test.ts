import { AppError, errorTable, isErrorCode, toProblem, type ErrorCode } from '../src'

const rows = Object.entries(errorTable) as [ErrorCode, (typeof errorTable)[ErrorCode]][]

test.each(rows)('%s says what, why and how to mend it', (code, kind) => {
  expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/)
  expect(kind.status).toBeGreaterThanOrEqual(400)
  expect(kind.status).toBeLessThan(600)
  for (const text of [kind.title, kind.cause, kind.mend, kind.example])
    expect(text.length).toBeGreaterThan(10)
})

test('a problem has the members of RFC 9457 and ours, and nothing of the cause', () => {
  const error = new AppError('email_taken', 'ada@example.com belongs to another user', {
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

test('a name that every object has is no code', () => {
  expect(isErrorCode('constructor')).toBe(false)
  expect(isErrorCode('email_taken')).toBe(true)
})
