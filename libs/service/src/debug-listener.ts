import express from 'express'
import { z } from 'zod'
import { createServer, route, serveRoutes, type Route, type Server } from '@ordinal/http'
import type { Logger } from '@ordinal/logging'
import {
  accessLog,
  checkHead,
  errorHandler,
  inOrder,
  requireOwnSite,
  requestContext,
  routeNotFound,
  securityHeaders,
} from '@ordinal/middleware'
import { debugIndex } from './debug-index'
import { profileRoutes } from './profile-routes'

interface Deps {
  name: string
  log: Logger
  /** Those of the service: two of them are here as well. */
  probes: readonly Route[]
  allowedHosts: readonly string[]
}

// Nothing here takes a body but the positions of /debug/pprof/symbol.
const bodyLimitBytes = 65_536

/**
 * A second server for operators: whether the process lives and is ready, also while the first takes no connection
 * any more, and profiles of what it does. It asks for no key, and so belongs on an address that only they reach.
 */
export function createDebugListener({ name, log, probes, allowedHosts }: Deps): Server {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.set('query parser', 'simple')
  const server = createServer(app)
  const stopping = new AbortController()

  app.use(inOrder(requestContext(), accessLog(log), securityHeaders(), checkHead(allowedHosts)))
  app.use(
    serveRoutes([...debugProbes(probes), debugIndex(name), commandLine], {
      bodyLimitBytes,
      tokensCheckable: false,
    }),
  )
  app.use('/debug/pprof', (req, _res, next) => {
    // A profile slows the service down.
    requireOwnSite(req, [])
    next()
  })
  app.use(profileRoutes({ program: __filename, stopping: stopping.signal, bodyLimitBytes }))
  app.use(routeNotFound)
  app.use(errorHandler(log))

  return {
    ...server,
    /** A profile under way ends now, and is still answered. */
    async close(deadlineMs) {
      stopping.abort()
      await server.close(deadlineMs)
    },
  }
}

const debugPaths: Record<string, string | undefined> = {
  '/health/live': '/debug/liveness',
  '/health/ready': '/debug/readiness',
}

const debugProbes = (probes: readonly Route[]): Route[] =>
  probes.flatMap((probe) => {
    const path = debugPaths[probe.path]
    return path ? { ...probe, path } : []
  })

const commandLine = route({
  method: 'get',
  path: '/debug/pprof/cmdline',
  summary: 'The command line of the process, its arguments separated by NUL',
  tag: 'debug',
  media: 'text/plain',
  answers: { 200: z.string() },
  handle: () => ({
    status: 200,
    body: [process.execPath, ...process.execArgv, ...process.argv.slice(1)].join('\0'),
  }),
})
