import http from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Express, Request } from 'express'
import { connectRefusal, refusalFor, refuse, type Refused } from './unreadable'

export interface Server {
  /** Listens; resolves to the port (port 0 takes a free one). Rejects when the port is taken. */
  listen(port: number, host?: string): Promise<number>
  /**
   * Takes no new connection, finishes the requests under way, and cuts what is left at the deadline: connections
   * that never finished sending a request would otherwise keep it open for ever.
   */
  close(deadlineMs: number): Promise<void>
}

// How long a request may take to arrive, unless its body is an upload.
const arrival = { headersTimeout: 15_000, requestTimeout: 30_000, connectionsCheckingInterval: 5_000 }

/** What is under way on a connection. */
interface Connection {
  socket: Socket
  /**
   * The latest answer. Not a set of those under way: V8 copies a Set that entries come to and go from all the time, and
   * the copies that it leaves behind keep answers alive until the next full collection.
   */
  latest: http.ServerResponse | undefined
  /** Answers that have not ended: a client need not wait for one before it sends the next request. */
  pending: number
  /** Why what came after those requests, or the body of the latest, cannot be read. */
  fault: Error | undefined
}

/**
 * An HTTP server for an Express app, with bounds on slow clients.
 *
 * @param onRefused told of what was refused before the app saw it
 */
export function createServer(
  app: Express,
  onRefused: (refused: Refused) => void = () => {},
  limits = arrival,
): Server {
  const connections = new Map<Socket, Connection>()
  let underWay = 0
  let closing = false
  const serve = (req: http.IncomingMessage, res: http.ServerResponse) => {
    const connection = connections.get(req.socket)!
    connection.latest = res
    connection.pending += 1
    underWay += 1
    res.on('close', () => {
      connection.pending -= 1
      underWay -= 1
      if (connection.fault) refuseInTurn(connection, connection.fault)
    })
    if (closing) res.setHeader('Connection', 'close')
    app(req, res)
  }
  const server = http.createServer(
    {
      ...fastPrototypes(app),
      ...limits,
      // Longer than our clients and most load balancers keep a connection: who reuses one must not find it closing.
      keepAliveTimeout: 65_000,
      maxHeaderSize: 16_384,
      // Node would refuse it without a body or a line in the log: the app does it better.
      requireHostHeader: false,
    },
    serve,
  )
  server.on('checkExpectation', serve)
  server.maxConnections = 10_000
  server.on('connection', (socket) => {
    connections.set(socket, { socket, latest: undefined, pending: 0, fault: undefined })
    socket.once('close', () => connections.delete(socket))
  })
  server.on('clientError', (error, socket) => {
    const connection = connections.get(socket as Socket)
    // What comes after a fault cannot be read either.
    if (!connection || connection.fault || isUnhurried(error, connection.latest)) return
    connection.fault = error
    refuseInTurn(connection, error)
  })
  server.on('connect', (_req, socket) => {
    onRefused(refuse(socket as Socket, connectRefusal()))
  })

  /**
   * Answers come in the order of the requests: the refusal waits for those that are pending. If it is the body of the
   * latest request that cannot be read, the refusal is the answer to that, unless another has begun.
   */
  function refuseInTurn({ socket, latest, pending }: Connection, fault: Error): void {
    const unfinished = latest && !latest.req.complete ? latest : undefined
    if (pending > (unfinished && !unfinished.closed ? 1 : 0)) return
    if (!socket.writable || unfinished?.headersSent) return void socket.destroy()
    onRefused(refuse(socket, refusalFor(fault), unfinished?.req))
  }

  return {
    listen: (port, host) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen({ port, host }, () => {
          server.removeListener('error', reject)
          const address = server.address()
          resolve(typeof address === 'object' && address ? address.port : port)
        })
      }),

    async close(deadlineMs) {
      closing = true
      // Tells clients not to use their connections again, unless the answer has begun already.
      for (const { latest } of connections.values())
        if (latest && !latest.headersSent) latest.setHeader('Connection', 'close')
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      const deadline = performance.now() + deadlineMs
      while (underWay > 0 && performance.now() < deadline) await delay(10)
      server.closeAllConnections()
      await closed
    },
  }
}

/** Whether Node's limit on the time that a request may take to arrive has passed for one that may take longer. */
const isUnhurried = ({ code }: NodeJS.ErrnoException, answer: http.ServerResponse | undefined) =>
  code === 'ERR_HTTP_REQUEST_TIMEOUT' &&
  answer !== undefined &&
  !answer.writableFinished &&
  (answer.req as Request).context.unhurried

/**
 * Express sets the prototype of every request and response, which makes both slow objects for V8. A server that
 * creates them with that very prototype makes it a change to what is already so: three to four times the requests
 * a second (docs/decisions/0006).
 */
function fastPrototypes(app: Express) {
  class Request extends http.IncomingMessage {}
  class Response<R extends http.IncomingMessage> extends http.ServerResponse<R> {}
  Object.setPrototypeOf(Request.prototype, app.request)
  Object.setPrototypeOf(Response.prototype, app.response)
  app.request = Request.prototype as Express['request']
  app.response = Response.prototype as Express['response']
  return { IncomingMessage: Request, ServerResponse: Response }
}
