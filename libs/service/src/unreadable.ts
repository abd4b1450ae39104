import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { AppError, problemMediaType, toProblem } from '@ordinal/errors'

/**
 * Answers what Node's parser refuses, and no route ever sees, as the other errors are answered, and closes the
 * connection: where the next request would begin is not known.
 *
 * @param answerBegun a part of an answer has been sent: then closing is all that is left
 */
export function refuseUnreadable(error: NodeJS.ErrnoException, socket: Duplex, answerBegun: boolean): void {
  if (!socket.writable || answerBegun) return void socket.destroy()
  const refusal = refusalFor(error)
  const body = JSON.stringify(toProblem(refusal, randomUUID()))
  const head = [
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}`,
    'Connection: close',
    `Content-Type: ${problemMediaType}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
}

/** Node's errors: https://nodejs.org/api/http.html#event-clienterror */
function refusalFor({ code, message }: NodeJS.ErrnoException): AppError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new AppError('headers_too_large', 'The headers have more than 16384 bytes')
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new AppError('request_timeout', 'The request did not arrive in full in time')
    default:
      return new AppError('malformed_request', message)
  }
}
