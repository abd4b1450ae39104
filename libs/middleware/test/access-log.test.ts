import type { RequestHandler } from 'express'
import { accessLog } from '../src'
import { answer, closeServers, serve } from './serve'
import { openConnection } from './connection'

afterAll(closeServers)

const named: RequestHandler = (req, _res, next) => {
  req.context.route = '/things/{id}'
  req.context.caller = 'order-service'
  next()
}

test('a request is one line, with what there is to know of it', async () => {
  const { get, drained, logged } = await serve((log) => [accessLog(log), named, answer])
  await get('/things/7', {
    'X-Request-Id': 'r-1',
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  })
  await drained()
  expect(logged.entries).toEqual([
    {
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
      level: 'info',
      service: 'test',
      message: 'request',
      request_id: 'r-1',
      trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
      method: 'GET',
      path: '/things/7',
      route: '/things/{id}',
      status: 200,
      duration_ms: expect.any(Number) as number,
      caller: 'order-service',
      ip: '127.0.0.1',
    },
  ])
})

test('the query is left out', async () => {
  const { get, drained, logged } = await serve((log) => [accessLog(log), answer])
  await get('/things?token=hidden')
  await drained()
  expect(logged.entries).toHaveLength(1)
  expect(JSON.stringify(logged.entries)).not.toContain('hidden')
})

test('an e-mail address in place of an id is left out', async () => {
  const { get, drained, logged } = await serve((log) => [accessLog(log), answer])
  await get('/users/ada@example.com/orders/ada%40example.com')
  await drained()
  expect(logged.entries[0]!.path).toBe('/users/[address]/orders/[address]')
})

test('a path that fills the head of the request is cut', async () => {
  const { get, drained, logged } = await serve((log) => [accessLog(log), answer])
  await get(`/${'a'.repeat(15_000)}`)
  await drained()
  expect(logged.entries).toMatchObject([{ path: `/${'a'.repeat(2047)}…` }])
})

test('neither keys nor passwords of the headers come into the log', async () => {
  const { get, drained, logged } = await serve((log) => [accessLog(log), answer])
  await get('/', { authorization: 'Bearer hidden', 'x-api-key': 'hidden', cookie: 'session=hidden' })
  await drained()
  expect(logged.entries).toHaveLength(1)
  expect(JSON.stringify(logged.entries)).not.toContain('hidden')
})

test('a refused request is logged with its status, once', async () => {
  const { get, drained, logged } = await serve((log) => [accessLog(log)])
  await get('/nowhere')
  await drained()
  expect(logged.entries).toMatchObject([{ message: 'request', status: 404 }])
})

test('what is asked quietly is not logged', async () => {
  const quiet: RequestHandler = (req, _res, next) => {
    req.context.quiet = true
    next()
  }
  const { get, drained, logged } = await serve((log) => [accessLog(log), quiet, answer])
  await get()
  await drained()
  expect(logged.entries).toEqual([])
})

test('a client that goes away before the answer is marked as that', async () => {
  let closed: Promise<void> | undefined
  const never: RequestHandler = (_req, res) => {
    closed = new Promise((resolve) => res.once('close', resolve))
  }
  const { port, drained, logged } = await serve((log) => [accessLog(log), never])
  const connection = await openConnection(port)
  connection.write('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n')
  while (!closed) await new Promise(setImmediate)
  connection.destroy()
  await closed
  await drained()
  expect(logged.entries).toMatchObject([{ path: '/slow', status: 499, aborted: true }])
})

test('an IPv6 address is logged as it is, and an IPv4 one without its mapped prefix', async () => {
  const { get, drained, logged } = await serve((log) => [accessLog(log), answer], 1)
  for (const ip of ['2001:db8::1', '::ffff:192.0.2.1', '192.0.2.1']) await get('/', { 'x-forwarded-for': ip })
  await drained()
  expect(logged.entries.map(({ ip }) => ip)).toEqual(['2001:db8::1', '192.0.2.1', '192.0.2.1'])
})
