import { randomUUID } from 'node:crypto'
import { STATUS_CODES, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { AppError, problemMediaType, toProblem } from '@ordinal/errors'
import { plainAddress, type RequestContext } from '@ordinal/middleware'

/** What was refused by the server itself: no route, and no middleware, has seen it. */
export interface Refused {
  refusal: AppError
  requestId: string
  address: string | undefined
  /** It is the body of a request that is counted and logged by itself. */
  isBody: boolean
}

/**
 * Answers what Node's parser refuses as the other errors are answered, and closes the connection: where the next
 * request would begin is not known.
 *
 * @param basePath the path in front of ours, as the client knows it, unless the request says it
 * @param of.request the one whose body it is, if it is one's
 * @param of.asksHead whether it is a HEAD, whose answer has no body
 */
export function refuse(
  socket: Socket,
  refusal: AppError,
  basePath: string,
  { request, asksHead = false }: { request?: IncomingMessage | undefined; asksHead?: boolean } = {},
): Refused {
  const { context } = (request ?? {}) as { context?: RequestContext }
  const requestId = context?.requestId ?? randomUUID()
  const address = plainAddress(socket.remoteAddress)
  const body = JSON.stringify(toProblem(refusal, requestId, context?.basePath ?? basePath))
  const headers = {
    ...refusal.headers,
    Connection: 'close',
    'Content-Type': problemMediaType,
    'Content-Length': Buffer.byteLength(body),
    'X-Request-Id': requestId,
  }
  const head = [
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${asksHead ? '' : body}`, () => socket.destroy())
  return { refusal, requestId, address, isBody: request !== undefined }
}

/** For a client that takes the service for a proxy. */
export const connectRefusal = () =>
  new AppError('method_not_allowed', 'CONNECT is not allowed: this is no proxy', {
    headers: { Allow: 'GET, HEAD, POST, PUT, PATCH, DELETE' },
  })

/** For a client that sends HTTP to a server of HTTPS. */
export const plainRefusal = () =>
  new AppError('malformed_request', 'This port takes HTTPS only: the URL has to begin with https://')

/** Node's errors: https://nodejs.org/api/http.html#event-clienterror */
export function refusalFor({ code, message }: NodeJS.ErrnoException): AppError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new AppError('headers_too_large', 'The headers have more than 16384 bytes')
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new AppError('request_timeout', 'The request did not arrive in full in time')
    default:
      return new AppError('malformed_request', message)
  }
}
