import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RequestHandler } from 'express'
import helmet from 'helmet'
import { addCommonHeaders } from './common-headers'

const setHeaders = helmet({
  // A content policy that suits JSON and our own documentation pages.
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
  // It holds for all ports of a host, also those of services without TLS: a proxy in front sets this one.
  strictTransportSecurity: false,
})

/** helmet's headers. They are the same for every answer, so helmet, a chain of a dozen functions, is asked once. */
export function securityHeaders(): RequestHandler {
  const headers: string[] = []
  const recorder = {
    setHeader: (name: string, value: string) => headers.push(name, value),
    removeHeader: () => {},
  }
  setHeaders({} as IncomingMessage, recorder as unknown as ServerResponse, () => {})
  return (_req, res, next) => {
    addCommonHeaders(res, headers)
    next()
  }
}
