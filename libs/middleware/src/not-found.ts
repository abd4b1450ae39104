import type { RequestHandler } from 'express'
import { AppError } from '@ordinal/errors'

/** The end of the line: no route has this path. */
export const routeNotFound: RequestHandler = (req) => {
  throw new AppError('route_not_found', `There is nothing at ${req.context.basePath}${req.path}`)
}

/**
 * For a path that exists under other methods.
 *
 * @param template the route's template, for logs and metrics
 * @param allowed the methods that the path has
 */
export function methodNotAllowed(template: string, allowed: readonly string[]): RequestHandler {
  const allow = [...allowed].sort().join(', ')
  return (req) => {
    req.context.route = template
    throw new AppError(
      'method_not_allowed',
      `${req.method} is not allowed at ${template}; allowed: ${allow}`,
      {
        headers: { Allow: allow },
      },
    )
  }
}
