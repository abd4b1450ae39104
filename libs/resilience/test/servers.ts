import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { ownAddress, ownPort } from '@ordinal/testing'
import { createServiceClient, type ServiceClient, type ServiceClientOptions } from '../src'

export { until } from '@ordinal/testing'

const running: (() => void | Promise<void>)[] = []

/** To be called in afterEach: ends every server and client of the test. */
export async function endAll(): Promise<void> {
  for (const end of running.splice(0).reverse()) await end()
}

interface TestServer {
  url: string
  port: number
  /** Requests that reached it, as `GET /path`. */
  seen: string[]
  /** Sockets it has accepted so far, and those that are open now. */
  accepted: () => number
  open: () => number
  close: () => Promise<void>
}

/** A real HTTP server on a free port, or on `port`. */
export async function startServer(
  handler: RequestListener,
  { port = 0, keepAliveTimeout = 65_000 } = {},
): Promise<TestServer> {
  const seen: string[] = []
  const server = createServer({ keepAliveTimeout }, (request, response) => {
    seen.push(`${request.method} ${request.url}`)
    handler(request, response)
  })
  const sockets = { accepted: 0, open: 0 }
  server.on('connection', (socket) => {
    sockets.accepted += 1
    sockets.open += 1
    socket.on('close', () => (sockets.open -= 1))
  })
  await once(server.listen(port, '127.0.0.1'), 'listening')
  const address = server.address() as AddressInfo
  const close = async () => {
    server.closeAllConnections()
    if (server.listening) await once(server.close(), 'close')
  }
  running.push(close)
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    seen,
    accepted: () => sockets.accepted,
    open: () => sockets.open,
    close,
  }
}

/** A TCP server that does with each chunk what `onData` says; `count` is the number of the chunk on its socket. */
export async function startRawServer(onData: (socket: net.Socket, count: number, text: string) => void) {
  const seen: string[] = []
  const sockets = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    let count = 0
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      const text = chunk.toString('latin1')
      seen.push(text.split('\r\n', 1)[0] ?? '')
      onData(socket, ++count, text)
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  running.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, seen, accepted: () => sockets.size }
}

/** A place where nobody listens. */
export const refusingUrl = async () => `http://${ownAddress}:${await ownPort()}`

/** A client that waits for longer than a busy machine pauses, closed after the test. */
export function clientOf(baseUrl: string, options: Partial<ServiceClientOptions> = {}): ServiceClient {
  const client = createServiceClient({
    name: 'user-service',
    baseUrl,
    timeoutMs: 20_000,
    maxConcurrent: 100,
    breaker: { ...breakerOptions, ...options.breaker },
    ...options,
  })
  running.push(() => client.close())
  return client
}

export const breakerOptions = {
  resetTimeoutMs: 150,
  intervalMs: 10_000,
  maxRequests: 3,
  errorThresholdPercentage: 50,
  volumeThreshold: 5,
  consecutiveFailures: 5,
}

/** The error of a promise that has to fail. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => Promise.reject(new Error(`expected a failure, got ${JSON.stringify(value)}`)),
    (error: unknown) => error,
  )
}

export const get = { method: 'GET', path: '/api/v1/users/7' } as const
