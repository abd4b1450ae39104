import http from 'node:http'
import type https from 'node:https'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Express } from 'express'
import type { CommonHeaders } from '@ordinal/middleware'
import { collectAfterCrowds } from './collect-garbage'
import { endAnswers, isBusy, isUnhurried, newConnection, type Connection } from './connection'
import { createConnectionBudget, type ConnectionBudget } from './connections'
import { createPipelines } from './pipeline'
import { createReading } from './reading'
import { serveTls, tlsOptions, transportOf, type ServerTls } from './tls/serve-tls'
import { cutStalled, type StallLimits } from './unread'
import { connectRefusal, plainRefusal, refusalFor, refuse, type Refused } from './unreadable'

export interface Server {
  /** How many connections are open. */
  connections(): number
  /** Listens; resolves to the port (port 0 takes a free one). Rejects when the port is taken. */
  listen(port: number, host?: string): Promise<number>
  /**
   * Takes no new connection, finishes the requests under way, and cuts what is left at the deadline, and before it the
   * connections whose clients take and send nothing.
   */
  close(deadlineMs: number): Promise<void>
}

const defaultLimits: http.ServerOptions & StallLimits & { connections: number } = {
  // How long a request may take to arrive, unless its body is an upload.
  headersTimeout: 15_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
  connections: 10_000,
  unreadMs: 30_000,
  leastBytesPerSecond: 1_024,
  unreadBytes: 32 * 1024 * 1024,
}

const lookEveryMs = 1_000
// A service that stops does not wait for clients that neither read nor send anything.
const closingLimits = { unreadMs: 1_000, unsentMs: 2_000 }

/**
 * Why a connection was cut: its client read nothing of its answers, or next to nothing, or sent nothing; there were too
 * many; or its TLS handshake failed.
 */
type CutReason = 'stalled' | 'crowded' | 'handshake'

interface Options {
  /** How it speaks HTTPS; HTTP without. */
  tls?: ServerTls | undefined
  /** The path in front of ours, as clients know it. */
  basePath?: string
  /** What bounds the connections of a client, on all listeners of a service together; no bound without. */
  budget?: ConnectionBudget
  /** Called with each request that was refused before the app saw it. */
  onRefused?: (refused: Refused) => void
  /** Called for each connection that was cut. */
  onCut?: (reason: CutReason) => void
  /** Called for each TLS handshake that failed. */
  onHandshakeFailed?: (error: Error, address: string | undefined) => void
}

/** An HTTP server for an Express app, with bounds on what one client can make it hold (docs/decisions/0040). */
export function createServer(
  app: Express,
  {
    basePath = '',
    tls,
    budget = createConnectionBudget(0),
    onRefused = () => {},
    onCut = () => {},
    onHandshakeFailed = () => {},
  }: Options = {},
  limits: Partial<typeof defaultLimits> = {},
): Server {
  const {
    connections: most,
    unreadMs,
    unreadBytes,
    leastBytesPerSecond,
    ...arrival
  } = {
    ...defaultLimits,
    ...limits,
  }
  const connections = new Map<Socket, Connection>()
  let uses = 0
  let underWay = 0
  // Connections with a request under way.
  let inUse = 0
  const reading = createReading(
    (connection) => cut('crowded')(connection),
    (connection) => pipelines.postpone(connection),
  )
  const pipelines = createPipelines(reading, () => underWay - inUse)
  let closing = false
  const serve = (req: http.IncomingMessage, res: http.ServerResponse) => {
    const connection = connections.get(req.socket)
    // The parser goes on to the end of what it has read, also when the connection was cut meanwhile.
    if (!connection || req.socket.destroyed) return
    connection.latest = res
    if (!pipelines.enter(connection, () => begin(connection, req, res))) cut('crowded')(connection)
  }

  function begin(connection: Connection, req: http.IncomingMessage, res: http.ServerResponse): void {
    if (connection.answers.push(res) === 1) inUse += 1
    underWay += 1
    res.on('close', () => ended(connection, res))
    // A client that connected when other authorities were trusted has to connect again, with a certificate of these.
    if (closing || connection.trust !== tls?.certificates.trust()) res.setHeader('Connection', 'close')
    app(req, res)
  }

  function ended(connection: Connection, res: http.ServerResponse): void {
    connection.answers.splice(connection.answers.indexOf(res), 1)
    if (connection.answers.length === 0) inUse -= 1
    underWay -= 1
    if (res.writableFinished) connection.lastUse = ++uses
    if (connection.paused) pipelines.goOn(connection)
    if (connection.fault) refuseInTurn(connection, connection.fault)
  }

  const cut = (reason: CutReason) => (connection: Connection) => {
    onCut(reason)
    // With a reset, so that the kernel drops what it holds for the client as well.
    connection.transport.resetAndDestroy()
  }
  const bound = budget.bound<Connection>({ connections: most, useOf, cut: cut('crowded') })
  const cutUnread = (other: Partial<StallLimits> = {}) =>
    cutStalled(connections.values(), { unreadMs, unreadBytes, leastBytesPerSecond, ...other }, cut('stalled'))
  const afterCrowds = collectAfterCrowds()
  let looking: NodeJS.Timeout | undefined

  const options: http.ServerOptions = {
    ...fastPrototypes(app),
    ...arrival,
    // Longer than our clients and most load balancers keep a connection: one that they reuse must not be closing.
    keepAliveTimeout: 65_000,
    maxHeaderSize: 16_384,
    // Node would refuse it without a body and a log line: the app does that.
    requireHostHeader: false,
  }
  const server = tls ? createHttps(tls) : http.createServer(options, serve)
  server.on('checkExpectation', serve)
  // Those whose TLS handshake is under way, or has not begun.
  const handshakes = new Map<Socket, Connection>()
  server.on('connection', (transport: Socket) => {
    const connection = newConnection(transport, ++uses)
    bound.add(connection)
    if (!tls) {
      established(connection)
      return
    }
    Object.assign(connection, { established: false, trust: tls.certificates.trust() })
    handshakes.set(transport, connection)
    transport.once('close', () => handshakes.delete(transport))
  })
  server.on('secureConnection', (socket: Socket) => {
    const transport = transportOf(socket)
    const connection = handshakes.get(transport)
    if (!connection) return void socket.destroy()
    handshakes.delete(transport)
    Object.assign(connection, { socket, established: true })
    established(connection)
  })

  function established(connection: Connection): void {
    const { socket } = connection
    connections.set(socket, connection)
    reading.takeOver(connection)
    // Node resumes it without knowing that requests wait.
    socket.on('resume', () => (connection.paused ? socket.pause() : reading.parse(connection)))
    socket.once('close', () => {
      connections.delete(socket)
      pipelines.forget(connection)
      reading.forget(connection)
      endAnswers(connection)
    })
  }

  function createHttps(tls: ServerTls): https.Server {
    // Loaded where there is TLS.
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import at the top is never late
    const { createServer } = require('node:https') as typeof https
    const server = createServer({ ...options, ...tlsOptions(tls) }, serve)
    serveTls(server, tls, {
      onPlain: (transport) => onRefused(refuse(transport, plainRefusal(), basePath)),
      onFailed(error, address) {
        onCut('handshake')
        onHandshakeFailed(error, address)
      },
    })
    return server
  }

  server.on('clientError', (error, socket) => {
    const connection = connections.get(socket as Socket)
    // Nothing can be read after a fault.
    if (!connection || connection.fault || isAwaited(error, connection)) return
    connection.fault = error
    refuseInTurn(connection, error)
  })
  server.on('connect', (_req, socket: Socket) => {
    const answers = connections.get(socket)?.answers
    // Node no longer listens for its errors.
    socket.on('error', () => {})
    onRefused(refuse(socket, connectRefusal(), basePath))
    // Answers before it could no longer be sent in full.
    if (answers?.length) socket.destroy()
  })

  /**
   * Answers come in the order of the requests: the refusal waits for those that are pending. If it is the body of the
   * latest request that cannot be read, the refusal is the answer to that, unless another has begun.
   */
  function refuseInTurn({ socket, latest, answers, waiting, asksHead }: Connection, fault: Error): void {
    if (waiting.length > 0) return
    const unfinished = latest && !latest.req.complete ? latest : undefined
    if (answers.length > (unfinished && !unfinished.closed ? 1 : 0)) return
    if (!socket.writable || unfinished?.headersSent) return void socket.destroy()
    onRefused(refuse(socket, refusalFor(fault), basePath, { request: unfinished?.req, asksHead }))
  }

  return {
    connections: bound.open,

    listen: (port, host) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen({ port, host, backlog: 4_096 }, () => {
          server.removeListener('error', reject)
          const lookAround = () => {
            cutUnread()
            afterCrowds(connections.size)
          }
          looking = setInterval(lookAround, Math.min(lookEveryMs, unreadMs / 4)).unref()
          const address = server.address()
          resolve(typeof address === 'object' && address ? address.port : port)
        })
      }),

    async close(deadlineMs) {
      closing = true
      // Asks clients not to reuse their connections, unless the answer has begun already.
      for (const { latest } of connections.values())
        if (latest && !latest.headersSent) latest.setHeader('Connection', 'close')
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      for (const transport of handshakes.keys()) transport.destroy()
      const deadline = performance.now() + deadlineMs
      clearInterval(looking)
      for (let turn = 0; underWay > 0 && performance.now() < deadline; turn += 1) {
        if (turn % 10 === 0) cutUnread(closingLimits)
        await delay(10)
      }
      server.closeAllConnections()
      await closed
    },
  }
}

/** How useful a connection is, as a number: least before its handshake has ended, and most while a request is under way. */
function useOf(connection: Connection): number {
  if (!connection.established) return connection.lastUse - Number.MAX_SAFE_INTEGER / 2
  return connection.lastUse + (isBusy(connection) ? Number.MAX_SAFE_INTEGER / 2 : 0)
}

/** Whether Node's limit on the time that a request may take to arrive has passed for one that may take longer. */
function isAwaited({ code }: NodeJS.ErrnoException, { latest, paused }: Connection): boolean {
  if (code !== 'ERR_HTTP_REQUEST_TIMEOUT' || !latest) return false
  return paused || (!latest.writableFinished && isUnhurried(latest))
}

type Headers = http.OutgoingHttpHeaders | http.OutgoingHttpHeader[]

/**
 * Express sets the prototype of every request and response, which makes both slow objects for V8. A server that
 * creates them with that very prototype makes it a change to what is already so: three to four times the requests
 * a second (docs/decisions/0006).
 */
function fastPrototypes(app: Express) {
  class Request extends http.IncomingMessage {}
  class Response<R extends http.IncomingMessage> extends http.ServerResponse<R> implements CommonHeaders {
    commonHeaders: string[] = []

    /** Node takes a list as it is, where no header was set before; one by one, headers cost 5 µs more. */
    override writeHead(status: number, message?: string | Headers, headers?: Headers): this {
      const list = typeof message === 'string' ? headers : message
      if (Array.isArray(list) && this.getHeaderNames().length === 0)
        return super.writeHead(status, [...this.commonHeaders, ...list])
      for (let index = 0; index < this.commonHeaders.length; index += 2) {
        const name = this.commonHeaders[index]!
        if (!this.hasHeader(name)) this.setHeader(name, this.commonHeaders[index + 1]!)
      }
      if (typeof message === 'string') this.statusMessage = message
      return super.writeHead(status, list)
    }
  }
  Object.setPrototypeOf(Request.prototype, app.request)
  Object.setPrototypeOf(Response.prototype, app.response)
  app.request = Request.prototype as Express['request']
  app.response = Response.prototype as unknown as Express['response']
  return { IncomingMessage: Request, ServerResponse: Response }
}
