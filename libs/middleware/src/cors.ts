import type { RequestHandler } from 'express'
import cors from 'cors'

/**
 * Cross-origin requests from these origins.
 *
 * @param origins such as `https://app.example.com`; `*` for any; empty for none
 */
export function allowOrigins(origins: readonly string[]): RequestHandler {
  return cors({
    origin: origins.includes('*') ? '*' : [...origins],
    exposedHeaders: [
      'X-Request-Id',
      'Idempotency-Replayed',
      'ETag',
      'Location',
      'Retry-After',
      'RateLimit-Limit',
      'RateLimit-Remaining',
      'RateLimit-Reset',
    ],
    maxAge: 600,
  })
}
