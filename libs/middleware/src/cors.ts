import type { RequestHandler } from 'express'
import cors, { type CorsOptions } from 'cors'

/**
 * Cross-origin requests from these origins. A preflight is answered here; any other OPTIONS goes on to the routes.
 *
 * @param origins such as `https://app.example.com`; `*` for any; empty for none
 */
export function allowOrigins(origins: readonly string[]): RequestHandler {
  const options: CorsOptions = {
    origin: origins.includes('*') ? '*' : [...origins],
    exposedHeaders: [
      'X-Request-Id',
      'Idempotency-Replayed',
      'ETag',
      'Location',
      'Accept-Patch',
      'Retry-After',
      'RateLimit-Limit',
      'RateLimit-Remaining',
      'RateLimit-Reset',
    ],
    maxAge: 600,
  }
  const allow = cors(options)
  const allowAndGoOn = cors({ ...options, preflightContinue: true })
  return (req, res, next) => {
    const isPreflight = req.headers['access-control-request-method'] !== undefined
    const handle = isPreflight ? allow : allowAndGoOn
    handle(req, res, next)
  }
}
