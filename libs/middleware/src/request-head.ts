import type { RequestHandler } from 'express'
import { AppError } from '@ordinal/errors'
import { hostCheck } from './hosts'

// As Node looks for it.
const continuing = /(?:^|\W)100-continue(?:$|\W)/i

/**
 * Refuses a request that is for another host, and what Node's server would refuse with a bare status, so that it is
 * answered, logged and counted like the rest.
 *
 * @param allowedHosts names by which clients may call, besides those that only we can have
 */
export function checkHead(allowedHosts: readonly string[]): RequestHandler {
  const checkHost = hostCheck(allowedHosts)
  return (req, _res, next) => {
    checkHost(req)
    const { headers, httpVersionMinor } = req
    // HTTP/1.0 has no such header.
    if (httpVersionMinor > 0 && headers.expect !== undefined && !continuing.test(headers.expect))
      throw new AppError('expectation_failed', `Expect is "${headers.expect}"; only 100-continue is known`)
    next()
  }
}
