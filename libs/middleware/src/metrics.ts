import type { RequestHandler } from 'express'
import type { Metrics } from '@ordinal/metrics'

/** Counts and times every request under the template of its route. */
export function observeRequests(metrics: Metrics): RequestHandler {
  return (req, res, next) => {
    metrics.requestStarted()
    res.once('close', () => {
      const seconds = (performance.now() - req.context.startedAt) / 1000
      metrics.requestServed({ method: req.method, route: req.context.route, status: res.statusCode, seconds })
    })
    next()
  }
}
