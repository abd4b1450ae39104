import { createHash, timingSafeEqual } from 'node:crypto'
import type { RequestHandler } from 'express'
import { AppError } from '@ordinal/errors'
import { looksLike } from './look-alikes'
import { anonymous, type RequestContext } from './request-id'
import { invalidToken, type VerifyToken } from './tokens'

/** A machine that may call: its name, and the SHA-256 of its key. */
export interface ApiKey {
  id: string
  sha256: Buffer
}

/** Names that records have for the system itself, and for anonymous callers. */
const ownNames = [anonymous, 'ordinal', 'sequencer']
/** Names of services that call others, with API keys. */
const serviceNames = ['order-service', 'user-service']

/** The digest of an empty key: an empty header would match it. */
const digestOfNothing = createHash('sha256').digest('hex')

/**
 * Reads an entry of `API_KEYS`: `name:sha256hex`. A name may come twice, so that a key can be replaced without a
 * pause.
 *
 * @returns undefined if the entry has another form, the digest of an empty key, or a name that no caller can have
 */
export function parseApiKey(entry: string): ApiKey | undefined {
  const [, id, sha256] = /^([A-Za-z0-9._-]{1,64}):([0-9a-fA-F]{64})$/.exec(entry) ?? []
  if (sha256?.toLowerCase() === digestOfNothing) return undefined
  return id && sha256 && isCallerName(id) ? { id, sha256: Buffer.from(sha256, 'hex') } : undefined
}

/** Whether a caller can have this name: it is not reserved, and looks like no reserved name and no other service. */
export function isCallerName(name: string): boolean {
  if (ownNames.some((own) => looksLike(name, own))) return false
  return serviceNames.includes(name) || !serviceNames.some((service) => looksLike(name, service))
}

/** How a caller identifies itself, in headers or in the metadata of its call. */
export interface Credentials {
  apiKey: string | undefined
  authorization: string | undefined
}

/**
 * Writes into the context who calls, and in which role; a promise only where a token has to be checked.
 *
 * @throws AppError `invalid_api_key`, `invalid_token`, `token_keys_unavailable`
 */
export type Identify = (context: RequestContext, credentials: Credentials) => Promise<void> | void

/**
 * Names callers by the X-API-Key or the token that they send. Neither is fine (`anonymous`); a wrong one is refused,
 * whatever is asked for. With both, the token says who it is.
 *
 * @param verifyToken checks tokens; without it an Authorization header is somebody else's, and is not looked at
 */
export function callerIdentifier(keys: readonly ApiKey[], verifyToken?: VerifyToken): Identify {
  const taken = [...ownNames, ...serviceNames, ...keys.map(({ id }) => id)]
  return (context, { apiKey, authorization }) => {
    if (apiKey !== undefined) {
      context.caller = nameOf(keys, apiKey)
      context.role = 'operator'
      context.machine = true
    }
    const token = verifyToken && bearerToken(authorization)
    if (token === undefined) return undefined
    return verifyToken!(token).then((bearer) => {
      // Otherwise anybody who can choose a user name could act as a machine, or look like one on record.
      const other = taken.find((name) => looksLike(bearer.subject, name))
      if (other !== undefined) throw invalidToken(`its sub looks like ${other}, which sends no token`)
      context.caller = bearer.subject
      context.role = bearer.role
    })
  }
}

/** Names the caller of a request; a wrong key or token is answered with 401. */
export function identifyCaller(identify: Identify): RequestHandler {
  return (req, _res, next) => {
    const apiKey = req.headers['x-api-key']
    const checking = identify(req.context, {
      apiKey: apiKey === undefined ? undefined : String(apiKey),
      authorization: req.headers.authorization,
    })
    return checking ? checking.then(() => next()) : next()
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
