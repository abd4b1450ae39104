import type { RequestHandler } from 'express'
import helmet from 'helmet'

/** helmet's headers, with a content policy that suits JSON and our own documentation pages. */
export function securityHeaders(): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        styleSrc: ["'self'", "'unsafe-inline'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
        objectSrc: ["'none'"],
      },
    },
    // TLS ends before the service, and a local stack has none: the proxy in front sets this one.
    strictTransportSecurity: false,
  })
}
