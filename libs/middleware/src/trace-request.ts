import type { Request, RequestHandler, Response } from 'express'
import { redact } from '@ordinal/logging'
import type { Attributes } from '@ordinal/tracing'
import { loggedPath } from './access-log'
import { statusOf } from './metrics'

// Those that the semantic conventions know: a client must not be able to add names of spans.
const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE'])

/**
 * Ends the span of each request that has one, when its answer has ended or its client has gone: by OpenTelemetry's
 * semantic conventions for HTTP servers. Probes and scrapes are in no trace.
 */
export function traceRequests(): RequestHandler {
  return (req, res, next) => {
    const { span } = req.context
    if (!span) return next()
    res.on('close', () => {
      const { quiet, route, refused } = req.context
      if (quiet) return
      const status = statusOf(res)
      const method = knownMethods.has(req.method) ? req.method : undefined
      span.rename(route === 'unmatched' ? (method ?? 'HTTP') : `${method ?? 'HTTP'} ${route}`)
      span.set(attributesOf(req, res, status))
      if (status >= 500) span.fail(refused ?? String(status))
      else if (refused !== undefined) span.set({ 'ordinal.error.code': refused })
      if (!res.writableFinished) span.set({ 'ordinal.aborted': true })
      span.end()
    })
    next()
  }
}

/** The query is left out, and so are the client's address and other headers: they may hold what belongs in no trace. */
function attributesOf(req: Request, res: Response, status: number): Attributes {
  const { route, requestId } = req.context
  return {
    'ordinal.request_id': requestId,
    'http.request.method': knownMethods.has(req.method) ? req.method : '_OTHER',
    ...(route !== 'unmatched' && { 'http.route': route }),
    'url.path': redact(loggedPath(req.path)) as string,
    'url.scheme': 'encrypted' in req.socket ? 'https' : 'http',
    'network.protocol.version': req.httpVersion,
    ...(res.headersSent && { 'http.response.status_code': status }),
  }
}
