import type { RequestHandler } from 'express'
import { AppError } from '@ordinal/errors'
import { redact } from '@ordinal/logging'

/** The end of the line: no route has this path. */
export const routeNotFound: RequestHandler = (req) => {
  throw new AppError(
    'route_not_found',
    `There is nothing at ${redact(req.context.basePath + req.path) as string}`,
  )
}

/**
 * For a path that exists under other methods.
 *
 * @param template the route's template, for logs and metrics
 * @param allowed the methods that the path has
 * @param patchMedia the media types that its PATCH takes; OPTIONS is answered with them (RFC 5789, 3.1)
 */
export function methodNotAllowed(
  template: string,
  allowed: readonly string[],
  patchMedia: readonly string[] = [],
): RequestHandler {
  const allow = [...allowed].sort().join(', ')
  const acceptPatch: Record<string, string> =
    patchMedia.length > 0 ? { 'Accept-Patch': patchMedia.join(', ') } : {}
  return (req) => {
    req.context.route = template
    throw new AppError(
      'method_not_allowed',
      `${req.method} is not allowed at ${template}; allowed: ${allow}`,
      {
        headers: { Allow: allow, ...(req.method === 'OPTIONS' && acceptPatch) },
      },
    )
  }
}
