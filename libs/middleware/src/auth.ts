import { createHash, timingSafeEqual } from 'node:crypto'
import type { RequestHandler } from 'express'
import { AppError } from '@ordinal/errors'
import { anonymous } from './request-id'
import { invalidToken, type VerifyToken } from './tokens'

/** A machine that may call: its name, and the SHA-256 of its key. */
export interface ApiKey {
  id: string
  sha256: Buffer
}

/**
 * Reads an entry of `API_KEYS`: `name:sha256hex`. A name may come twice, so that a key can be replaced without a
 * pause. Undefined if the entry has another form, or the name by which callers without a key go.
 */
export function parseApiKey(entry: string): ApiKey | undefined {
  const [, id, sha256] = /^([A-Za-z0-9._-]{1,64}):([0-9a-fA-F]{64})$/.exec(entry) ?? []
  return id && sha256 && id !== anonymous ? { id, sha256: Buffer.from(sha256, 'hex') } : undefined
}

/**
 * Names the caller by the X-API-Key or the token that it sends. Neither is fine (`anonymous`); a wrong one is 401,
 * whatever the route. With both, the token says who it is.
 *
 * @param verifyToken checks tokens; without it an Authorization header is somebody else's, and is not looked at
 */
export function identifyCaller(keys: readonly ApiKey[], verifyToken?: VerifyToken): RequestHandler {
  return (req, _res, next) => {
    const { context, headers } = req
    const sent = headers['x-api-key']
    if (sent !== undefined) {
      context.caller = nameOf(keys, String(sent))
      context.role = 'operator'
      context.machine = true
    }
    const token = verifyToken && bearerToken(headers.authorization)
    if (token === undefined) return next()
    return verifyToken!(token).then((bearer) => {
      // Else whoever may choose the name of a user could use the idempotency keys of a machine.
      if (bearer.subject === anonymous || keys.some(({ id }) => id === bearer.subject))
        throw invalidToken('its sub is the name of a caller without a token')
      context.caller = bearer.subject
      context.role = bearer.role
      next()
    })
  }
}

function nameOf(keys: readonly ApiKey[], sent: string): string {
  const digest = createHash('sha256').update(sent).digest()
  // Every key is compared, in constant time: how long it takes tells nothing.
  const known = keys.filter(({ sha256 }) => timingSafeEqual(sha256, digest))[0]
  if (!known) throw new AppError('invalid_api_key', 'X-API-Key holds no key that this service knows')
  return known.id
}

/** What follows `Bearer`, empty if nothing does; undefined if there is no such header, or one of another scheme. */
function bearerToken(authorization = ''): string | undefined {
  const [scheme, token = ''] = authorization.split(/ +/, 2)
  return scheme?.toLowerCase() === 'bearer' ? token : undefined
}
