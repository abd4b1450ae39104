import type { RequestHandler, Response } from 'express'
import type { Metrics } from '@ordinal/metrics'

/** Counts and times every request under the template of its route. */
export function observeRequests(metrics: Metrics): RequestHandler {
  return (req, res, next) => {
    metrics.requestStarted()
    res.on('close', () => {
      const { startedAt, answeredAt = performance.now(), route, quiet, span } = req.context
      const seconds = (answeredAt - startedAt) / 1000
      // Probes have no trace in the end.
      const traceId = quiet ? undefined : span?.traceId
      metrics.requestServed({ method: req.method, route, status: statusOf(res), seconds, traceId })
    })
    next()
  }
}

/** The status that was sent; 499, as nginx has it, if the client went away before there was one. */
export const statusOf = (res: Response) => (res.headersSent ? res.statusCode : 499)
