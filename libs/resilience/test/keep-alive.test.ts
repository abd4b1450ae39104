import type net from 'node:net'
import { clientOf, endAll, failureOf, get, startRawServer, startServer, until } from './servers'

afterEach(endAll)

test('calls one after another share a connection', async () => {
  const server = await startServer((_request, response) => response.end('ok'))
  const client = clientOf(server.url)
  for (let call = 0; call < 20; call++) await client.request(get)
  expect([server.seen.length, server.accepted()]).toEqual([20, 1])
})

test('where none is to be kept, each call has its own connection', async () => {
  const server = await startServer((_request, response) => response.end('ok'))
  const client = clientOf(server.url, { idleSocketMs: 0 })
  for (let call = 0; call < 5; call++) await client.request(get)
  expect([server.seen.length, server.accepted()]).toEqual([5, 5])
  await until(() => server.open() === 0)
})

test('an idle socket is closed by the client, before the server would', async () => {
  const server = await startServer((_request, response) => response.end('ok'))
  const client = clientOf(server.url, { idleSocketMs: 300 })
  const start = performance.now()
  await client.request(get)
  await until(() => server.open() === 0)
  expect(performance.now() - start).toBeGreaterThan(290)
  await client.request(get)
  expect(server.accepted()).toBe(2)
})

describe('a kept socket that the server closes just as a request arrives', () => {
  /** Answers the first request of each socket, and resets it at the second. */
  async function startForgetfulServer() {
    const resets: string[] = []
    const server = await startRawServer((socket: net.Socket, count, text) => {
      if (count === 1) return void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      resets.push(text.split(' ', 1)[0] ?? '')
      socket.resetAndDestroy()
    })
    return { ...server, url: `http://127.0.0.1:${server.port}`, resets }
  }

  test.each([
    ['GET', {}],
    ['PUT', {}],
    ['DELETE', {}],
    ['POST', { 'idempotency-key': 'k1' }],
  ] as const)('%s with %j is sent once more, over a new socket', async (method, headers) => {
    const server = await startForgetfulServer()
    const client = clientOf(server.url)
    await client.request(get)
    expect(await client.request({ method, path: '/x', headers })).toMatchObject({ status: 200 })
    expect(server.resets).toEqual([method])
    expect(server.seen.slice(1)).toEqual([`${method} /x HTTP/1.1`, `${method} /x HTTP/1.1`])
    expect(server.accepted()).toBe(2)
  })

  test.each(['POST', 'PATCH'] as const)('control: a %s without a key is not', async (method) => {
    const server = await startForgetfulServer()
    const client = clientOf(server.url)
    await client.request(get)
    expect(await failureOf(client.request({ method, path: '/x' }))).toMatchObject({ reason: 'reset' })
    expect(server.resets).toEqual([method])
    expect(server.seen.slice(1)).toEqual([`${method} /x HTTP/1.1`])
  })

  test('the second attempt has only what is left of the time', async () => {
    const server = await startRawServer((socket, count) => {
      if (server.accepted() > 1) return // the second attempt gets no answer
      if (count === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      else setTimeout(() => socket.resetAndDestroy(), 2_500)
    })
    const client = clientOf(`http://127.0.0.1:${server.port}`, { timeoutMs: 5_000 })
    await client.request(get)
    const start = performance.now()
    expect(await failureOf(client.request(get))).toMatchObject({ reason: 'timeout' })
    // Not 5 s more after the reset.
    expect(performance.now() - start).toBeLessThan(7_400)
    expect(server.accepted()).toBe(2)
  })

  test('a new socket that is reset is not tried again: the service does that to everybody', async () => {
    const server = await startRawServer((socket) => socket.resetAndDestroy())
    expect(await failureOf(clientOf(`http://127.0.0.1:${server.port}`).request(get))).toMatchObject({
      reason: 'reset',
    })
    expect(server.seen).toHaveLength(1)
  })

  test('many kept sockets that are dead: the second attempt does not meet another', async () => {
    const server = await startForgetfulServer()
    const client = clientOf(server.url)
    await Promise.all(Array.from({ length: 10 }, () => client.request(get)))
    expect(server.accepted()).toBe(10)
    expect(await client.request(get)).toMatchObject({ status: 200 })
    expect([server.resets.length, server.accepted()]).toEqual([1, 11])
  })
})
