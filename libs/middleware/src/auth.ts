import { createHash, timingSafeEqual } from 'node:crypto'
import type { RequestHandler } from 'express'
import { AppError } from '@ordinal/errors'
import { lookAlikes, looksLike } from './look-alikes'
import { anonymous, type RequestContext } from './request-id'
import { requireOne } from './repeated-header'
import { challenge } from './roles'
import { invalidToken, type VerifyToken } from './tokens'

/** A machine that may call: its name, the SHA-256 of its key, and what that is limited to, if it is. */
export interface ApiKey {
  id: string
  sha256: Buffer
  scopes?: readonly string[]
  /** The id of the key itself, if it is a managed one. */
  keyId?: string
  /** When it ends, in ms since 1970; undefined if it does not by itself. */
  expiresAtMs?: number
}

/** The keys that administrators make, and revoke while services run (docs/decisions/0074). */
export interface ManagedKeys {
  /**
   * The key of a text, if it is one that has not ended.
   *
   * @param digest SHA-256 of the text
   * @throws AppError `api_keys_unavailable` if it may be one, and that is not known now
   */
  find(text: string, digest: Buffer): ApiKey | undefined
  /** Whether a key that was found has not ended since. */
  isAlive(key: ApiKey): boolean
  /** Whose keys they are; the same list as long as nothing changes. */
  names(): readonly string[]
}

/** Names that records have for the system itself, and for anonymous callers. */
const ownNames = [anonymous, 'ordinal', 'sequencer']
/** Names of services that call others, with API keys. */
const serviceNames = ['order-service', 'user-service']

/** The digest of an empty key: an empty header would match it. */
const digestOfNothing = createHash('sha256').digest('hex')

/**
 * What a key can be limited to: users by their ids (`read`), all users (`list`), all orders, the audit, following the managed
 * keys, and numbers, of all sequences or of one.
 */
export const knownScopes =
  /^((users|orders):(read|write)|users:list|audit:read|diagnostics:read|api-keys:follow|numbers:(issue|change|read)(:[A-Za-z0-9._-]{1,32})?)$/

/**
 * Reads an entry of `API_KEYS`: `name:sha256hex`, or with what the key is limited to `name:sha256hex:scope+scope`. A name
 * may come twice, so that a key can be replaced without a pause.
 *
 * @returns undefined if the entry has another form, the digest of an empty key, a name that no caller can have, or a scope
 *   that is not known
 */
export function parseApiKey(entry: string): ApiKey | undefined {
  const [, id, sha256, listed] = /^([A-Za-z0-9._-]{1,64}):([0-9a-fA-F]{64})(?::(.*))?$/.exec(entry) ?? []
  if (!id || !sha256 || sha256.toLowerCase() === digestOfNothing || !isCallerName(id)) return undefined
  const scopes = listed?.split('+')
  if (scopes && !scopes.every((scope) => knownScopes.test(scope))) return undefined
  return { id, sha256: Buffer.from(sha256, 'hex'), ...(scopes && { scopes }) }
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
 * @param managed keys besides the configured ones
 */
export function callerIdentifier(
  keys: readonly ApiKey[],
  verifyToken?: VerifyToken,
  managed?: ManagedKeys,
): Identify {
  const machineLike = machineFinder([...ownNames, ...serviceNames, ...keys.map(({ id }) => id)], managed)
  return (context, { apiKey, authorization }) => {
    if (apiKey !== undefined) {
      const key = keyOf(keys, apiKey, managed)
      context.caller = key.id
      context.role = 'operator'
      context.scopes = key.scopes
      context.machine = true
      if (key.expiresAtMs !== undefined) context.expiresAtMs = key.expiresAtMs
      if (managed && key.keyId !== undefined) context.mayGoOn = () => managed.isAlive(key)
    }
    const token = verifyToken && bearerToken(authorization)
    if (token === undefined) {
      if (verifyToken && authorization !== undefined && apiKey === undefined) throw otherScheme()
      return undefined
    }
    return verifyToken!(token).then((bearer) => {
      // Otherwise anybody who can choose a user name could act as a machine, or look like one on record.
      const other = machineLike(bearer.subject)
      if (other !== undefined) throw invalidToken(`its sub looks like ${other}, which sends no token`)
      context.caller = bearer.subject
      context.role = bearer.role
      // A key that is limited lends a token nothing: neither a machine's numbers nor its freedom from the rate limit.
      if (context.scopes) context.machine = false
      context.scopes = undefined
      context.expiresAtMs = bearer.expiresAtMs
      context.mayGoOn = undefined
      context.userId = bearer.userId
    })
  }
}

/** Names the caller of a request; a wrong key or token is answered with 401, a second Authorization with 400. */
export function identifyCaller(identify: Identify): RequestHandler {
  return (req, _res, next) => {
    const apiKey = req.headers['x-api-key']
    if (req.headers.authorization !== undefined) requireOne('Authorization', req.rawHeaders)
    const checking = identify(req.context, {
      apiKey: apiKey === undefined ? undefined : String(apiKey),
      authorization: req.headers.authorization,
    })
    return checking ? checking.then(() => next()) : next()
  }
}

/** Finds the machine for which the subject of a token could be taken. */
function machineFinder(configured: readonly string[], managed: ManagedKeys | undefined) {
  let names = managed?.names() ?? []
  let find = lookAlikes([...configured, ...names])
  return (subject: string): string | undefined => {
    const now = managed?.names() ?? names
    if (now !== names) {
      names = now
      find = lookAlikes([...configured, ...names])
    }
    return find(subject)
  }
}

function keyOf(keys: readonly ApiKey[], sent: string, managed: ManagedKeys | undefined): ApiKey {
  const digest = createHash('sha256').update(sent).digest()
  // Every key is compared, in constant time: how long it takes tells nothing.
  const known = keys.filter(({ sha256 }) => timingSafeEqual(sha256, digest))[0] ?? managed?.find(sent, digest)
  if (known) return known
  throw new AppError('invalid_api_key', 'X-API-Key holds no key that this service knows', {
    headers: { 'WWW-Authenticate': challenge() },
  })
}

/** As anonymous it would go on as somebody else than it says. */
const otherScheme = () =>
  new AppError(
    'authentication_required',
    'Authorization has another scheme than Bearer, which is not taken',
    {
      headers: { 'WWW-Authenticate': challenge() },
    },
  )

/** What follows `Bearer`, empty if nothing does; undefined if there is no such header, or one of another scheme. */
function bearerToken(authorization = ''): string | undefined {
  const [scheme, token = ''] = authorization.split(/ +/, 2)
  return scheme?.toLowerCase() === 'bearer' ? token : undefined
}
