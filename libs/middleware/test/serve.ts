import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express, { type RequestHandler } from 'express'
import { createLogger } from '@ordinal/logging'
import { collectLog } from '@ordinal/testing'
import { errorHandler, requestContext, routeNotFound } from '../src'

const servers: Server[] = []

/** Serves these handlers between the request's context and the error handler, on a free port. */
export async function serve(
  handlers: (log: ReturnType<typeof createLogger>) => RequestHandler[],
  trustProxy = 0,
) {
  const logged = collectLog()
  const log = createLogger({ service: 'test', level: 'info', stream: logged.stream })
  const app = express()
  app.use(requestContext(trustProxy), ...handlers(log), routeNotFound)
  app.use(errorHandler(log))
  const server = createServer({ keepAliveTimeout: 65_000 }, app)
  servers.push(server)
  // As services do: IPv4 clients are seen as ::ffff:127.0.0.1.
  await new Promise<void>((resolve) => server.listen(0, () => resolve()))
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  const get = async (path = '/', headers: Record<string, string> = {}) => {
    const response = await fetch(url + path, { headers })
    const text = await response.text()
    // What an answer is, a test knows.
    const body = (text.startsWith('{') ? JSON.parse(text) : text) as Record<string, string>
    return { status: response.status, headers: response.headers, body }
  }
  return { url, port, logged, get, drained: () => log.close() }
}

/** Closes what the tests of a file have opened. */
export async function closeServers(): Promise<void> {
  for (const server of servers) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

/** Ends the line with an answer. */
export const answer: RequestHandler = (req, res) => void res.json(req.context)
