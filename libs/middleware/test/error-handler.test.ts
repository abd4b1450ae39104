import type { RequestHandler } from 'express'
import { AppError } from '@ordinal/errors'
import { logEntryOf } from '../src/error-handler'
import { closeServers, serve } from './serve'
import { openConnection } from './connection'

afterAll(closeServers)

const failing =
  (error: Error): RequestHandler =>
  () => {
    throw error
  }

test('an error after the answer has begun cuts the connection, and is logged', async () => {
  const late: RequestHandler = async (_req, res) => {
    res.writeHead(200, { 'content-length': '100' })
    res.write('half')
    await new Promise((resolve) => setTimeout(resolve, 20))
    throw new Error('too late')
  }
  const { port, drained, logged } = await serve(() => [late])
  const connection = await openConnection(port)
  let received = ''
  connection.on('data', (chunk) => (received += chunk.toString()))
  connection.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await new Promise((resolve) => connection.once('close', resolve))
  expect(received).toMatch(/\r\n\r\nhalf$/)
  await drained()
  expect(logged.of('request failed')).toMatchObject([{ error: { message: 'too late' } }])
})

test('headers of an error are answered with it', async () => {
  const error = new AppError('rate_limited', 'Slowly', {
    retryAfterSeconds: 0,
    headers: { 'X-Why': 'flood' },
  })
  const { get } = await serve(() => [failing(error)])
  const { status, headers } = await get()
  expect([status, headers.get('retry-after'), headers.get('x-why')]).toEqual([429, '0', 'flood'])
})

test('what cannot be served at the moment is a warning with its causes in a line, and answered without them', async () => {
  const refused = Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' })
  const cause = new Error('no connection to 10.0.0.7', { cause: refused })
  const error = new AppError('database_unavailable', 'Not now', { cause })
  const { get, drained, logged } = await serve(() => [failing(error)])
  const { status, body } = await get()
  expect([status, body.detail]).toEqual([503, 'Not now'])
  expect(JSON.stringify(body)).not.toContain('10.0.0.7')
  await drained()
  const [line, ...more] = logged.of('request failed')
  expect(more).toEqual([])
  expect(line).toMatchObject({
    level: 'warn',
    code: 'database_unavailable',
    detail: 'Not now',
    cause: 'no connection to 10.0.0.7: ECONNREFUSED',
  })
  expect(JSON.stringify(line)).not.toContain('error-handler.test')
})

test('only a fault of ours is logged as an error, with its stack', () => {
  const levels = (
    ['internal_error', 'database_unavailable', 'deadline_exceeded', 'rate_limited'] as const
  ).map((code) => {
    const error = new AppError(code, 'x')
    return logEntryOf(error, error)?.level
  })
  expect(levels).toEqual(['error', 'warn', 'warn', undefined])
  const fault = new TypeError('x is not a function')
  expect(logEntryOf(fault, undefined)).toEqual({ level: 'error', fields: { error: fault } })
})

test('a cause that is its own does not keep it for ever', () => {
  const error = new AppError('outcome_unknown', 'x')
  error.cause = error
  expect(logEntryOf(error, error)?.fields.cause).toBe('x: x: x: x: x')
})

test('a password in the message of an error is not logged', async () => {
  const { get, drained, logged } = await serve(() => [
    failing(new Error('no postgres://ann:hidden@db/users')),
  ])
  await get()
  await drained()
  expect(logged.of('request failed')).toHaveLength(1)
  expect(JSON.stringify(logged.entries)).not.toContain('hidden')
})
