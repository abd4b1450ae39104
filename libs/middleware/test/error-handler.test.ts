import type { RequestHandler } from 'express'
import { AppError } from '@ordinal/errors'
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

test('a 5xx that the caller is told about is logged with its cause, and answered without', async () => {
  const error = new AppError('database_unavailable', 'Not now', { cause: new Error('refused by 10.0.0.7') })
  const { get, drained, logged } = await serve(() => [failing(error)])
  const { status, body } = await get()
  expect([status, body.detail]).toEqual([503, 'Not now'])
  expect(JSON.stringify(body)).not.toContain('10.0.0.7')
  await drained()
  expect(logged.of('request failed')).toMatchObject([
    { error: { cause: { message: 'refused by 10.0.0.7' } } },
  ])
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
