import http from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Express, Request } from 'express'
import { refuseUnreadable } from './unreadable'

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

/** An HTTP server for an Express app, with bounds on slow clients. */
export function createServer(app: Express, limits = arrival): Server {
  // The latest answer on each connection. Not a set of those under way: V8 copies a Set that entries come to and go
  // from all the time, and the copies that it leaves behind keep answers alive until the next full collection.
  const latest = new Map<Socket, http.ServerResponse>()
  let underWay = 0
  let closing = false
  const server = http.createServer(
    {
      ...fastPrototypes(app),
      ...limits,
      // Longer than our clients and most load balancers keep a connection: who reuses one must not find it closing.
      keepAliveTimeout: 65_000,
      maxHeaderSize: 16_384,
    },
    (req, res) => {
      latest.set(req.socket, res)
      underWay += 1
      res.on('close', () => (underWay -= 1))
      if (closing) res.setHeader('Connection', 'close')
      app(req, res)
    },
  )
  server.maxConnections = 10_000
  server.on('clientError', (error, socket) => {
    const answer = latest.get(socket as Socket)
    if (isUnhurried(error, answer)) return
    refuseUnreadable(error, socket, answer !== undefined && answer.headersSent && !answer.writableFinished)
  })
  server.on('connection', (socket) => socket.once('close', () => latest.delete(socket)))

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
      for (const res of latest.values()) if (!res.headersSent) res.setHeader('Connection', 'close')
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
