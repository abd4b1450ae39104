import type { RequestHandler } from 'express'
import { AppError } from '@ordinal/errors'

// As Node looks for it.
const continuing = /(?:^|\W)100-continue(?:$|\W)/i

/** Refuses what Node's server would refuse with a bare status, so that it is answered, logged and counted like the rest. */
export const checkHead: RequestHandler = ({ headers, httpVersionMinor }, _res, next) => {
  // HTTP/1.0 has neither header.
  if (httpVersionMinor === 0) return next()
  if (headers.host === undefined) throw new AppError('malformed_request', 'The header Host is missing')
  if (headers.expect !== undefined && !continuing.test(headers.expect))
    throw new AppError('expectation_failed', `Expect is "${headers.expect}"; only 100-continue is known`)
  next()
}
