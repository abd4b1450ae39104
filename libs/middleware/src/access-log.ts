import type { RequestHandler } from 'express'
import type { Logger } from '@ordinal/logging'
import { statusOf } from './metrics'
import type { RefusalLog } from './refusal-log'
import { eventFields } from './security-events'

const longestPath = 2048

/**
 * One line a request, when its answer has ended or its client has gone away (`aborted`). The query is left out:
 * it may hold what belongs in no log.
 *
 * @param refusals logs the requests that are refused in a flood
 */
export function accessLog(log: Logger, refusals?: RefusalLog): RequestHandler {
  return (req, res, next) => {
    res.on('close', () => {
      const {
        requestId,
        traceparent,
        caller,
        address: ip,
        route,
        quiet,
        startedAt,
        refused,
        items,
      } = req.context
      if (quiet) return
      const status = statusOf(res)
      const path = loggedPath(req.path)
      if (refused && refusals?.count({ code: refused, request_id: requestId, path, ip })) return
      log.request({
        request_id: requestId,
        trace_id: traceparent.slice(3, 35),
        method: req.method,
        path,
        route,
        status,
        duration_ms: Math.round((performance.now() - startedAt) * 1000) / 1000,
        caller,
        ip,
        ...eventFields(req.context, status < 400 && res.writableFinished),
        ...(items && { items }),
        ...(!res.writableFinished && { aborted: true }),
      })
    })
    next()
  }
}

/**
 * A path without the e-mail addresses that somebody writes in place of an id. The head of a request, and so its path, may
 * have 16 KB: too much for a line of the log.
 */
export function loggedPath(path: string): string {
  const short = path.length > longestPath ? `${path.slice(0, longestPath)}…` : path
  if (!hasAt.test(short)) return short
  return short
    .split('/')
    .map((part) => (hasAt.test(part) ? '[address]' : part))
    .join('/')
}

const hasAt = /@|%40/
