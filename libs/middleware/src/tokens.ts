import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose'
import { AppError } from '@ordinal/errors'
import { hasUnseen } from './look-alikes'
import { claimAt, roleIn, type RoleName } from './role-claims'
import type { CallerRole } from './caller-roles'
import { challenge } from './roles'

/** How tokens are checked. Without a secret and without a URL of keys there is no way, and none is accepted. */
export interface TokenSettings {
  /** Of tokens signed with HS256. */
  jwtSecret: string | undefined
  /** Where the public keys of an identity provider are (JWKS). */
  jwksUrl: string | undefined
  /** Must be the token's `iss`, if given. */
  jwtIssuer: string | undefined
  /** Must be among the token's `aud`, if given. */
  jwtAudience: string | undefined
  /** How far the issuer's clock may be from ours. */
  jwtClockToleranceSeconds: number
  /** The longest that a token may be valid. */
  jwtMaxLifetimeSeconds: number
  /** The claim that has the roles, by its name or its path; `role` and `roles` if not given. */
  jwtRolesClaim?: string | undefined
  /** What the names of an identity provider stand for; without it they are the names of our roles. */
  jwtRoleMap?: readonly RoleName[] | undefined
  /** The claim that has the id of the user that a customer is, by its name or its path; `user_id` if not given. */
  jwtUserIdClaim?: string | undefined
}

/** Whom a token speaks for. */
export interface Bearer {
  subject: string
  role: CallerRole | undefined
  /** The user that a customer is. */
  userId: number | undefined
  /** When it ends, in ms since 1970, as far as the issuer's clock may be wrong. */
  expiresAtMs: number
}

/** @throws AppError `invalid_token`, or `token_keys_unavailable` if the keys cannot be fetched */
export type VerifyToken = (token: string) => Promise<Bearer>

// No symmetric one: a public key must not pass for a shared secret.
const asymmetric = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']
const keysUnavailable = new Set(['ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JOSE_GENERIC'])
const longestSubject = 200
// Checking a signature costs as much as all the rest of a small request. Short, so that a key which an identity provider
// takes back is not trusted for longer than its keys are kept in any case.
const mostRemembered = 5_000
const rememberedMs = 60_000

/** A function that checks JSON Web Tokens, each once a minute; undefined if nothing is configured to check them by. */
export function tokenVerifier(settings: TokenSettings): VerifyToken | undefined {
  const verify = uncachedVerifier(settings)
  return verify && remembering(verify)
}

/**
 * Remembers the caller of a token, by its digest, until its end at most. Refusals are not remembered: a flood of them must not
 * evict tokens that are valid.
 */
function remembering(verify: VerifyToken): VerifyToken {
  const known = new LRUCache<string, { bearer: Bearer; untilMs: number }>({ max: mostRemembered })
  return async (token) => {
    const digest = createHash('sha256').update(token).digest('base64')
    const before = known.get(digest)
    if (before && Date.now() < before.untilMs) return before.bearer
    const bearer = await verify(token)
    known.set(digest, { bearer, untilMs: Math.min(Date.now() + rememberedMs, bearer.expiresAtMs) })
    return bearer
  }
}

function uncachedVerifier(settings: TokenSettings): VerifyToken | undefined {
  const { jwtSecret, jwksUrl, jwtIssuer, jwtAudience, jwtClockToleranceSeconds } = settings
  const { jwtMaxLifetimeSeconds } = settings
  if (jwtSecret === undefined && jwksUrl === undefined) return undefined
  const secret = jwtSecret === undefined ? undefined : new TextEncoder().encode(jwtSecret)
  // Fetched when first needed, kept, and fetched again for an unknown key id, but not more often than every 30 s.
  const remoteKeys = jwksUrl === undefined ? undefined : createRemoteJWKSet(new URL(jwksUrl))
  const keyFor: JWTVerifyGetKey = (header, token) =>
    header.alg === 'HS256' ? secret! : remoteKeys!(header, token)
  const options = {
    algorithms: [...(secret ? ['HS256'] : []), ...(remoteKeys ? asymmetric : [])],
    requiredClaims: ['exp', 'sub'],
    clockTolerance: jwtClockToleranceSeconds,
    ...(jwtIssuer !== undefined && { issuer: jwtIssuer }),
    ...(jwtAudience !== undefined && { audience: jwtAudience }),
  }

  return async (token) => {
    const { payload } = await jwtVerify(token, keyFor, options).catch((error: unknown) => {
      throw tokenError(error)
    })
    requireShortLife(payload, jwtMaxLifetimeSeconds, jwtClockToleranceSeconds)
    const role = roleIn(payload, settings)
    const userId = role === 'customer' ? userIdIn(payload, settings.jwtUserIdClaim) : undefined
    const expiresAtMs = (payload.exp! + jwtClockToleranceSeconds) * 1000
    return { subject: subjectOf(payload), role, userId, expiresAtMs }
  }
}

/** The id of a user, as a number or as its digits; undefined if the claim holds no such thing. */
function userIdIn(payload: JWTPayload, claim = 'user_id'): number | undefined {
  const value = claimAt(payload, claim)
  const id = typeof value === 'string' && /^[1-9][0-9]{0,15}$/.test(value) ? Number(value) : value
  return typeof id === 'number' && Number.isSafeInteger(id) && id > 0 ? id : undefined
}

/**
 * Tokens cannot be revoked: a short life ends those that are lost, or of somebody who has left. For a token without `iat`
 * the life begins now.
 */
function requireShortLife({ iat, exp }: JWTPayload, mostSeconds: number, toleranceSeconds: number): void {
  const now = Math.floor(Date.now() / 1000)
  if (iat !== undefined && iat > now + toleranceSeconds) throw invalidToken('it is issued in the future')
  if (exp! - (iat ?? now) > mostSeconds + toleranceSeconds)
    throw invalidToken(`it is valid for more than ${mostSeconds} s`)
}

function subjectOf({ sub }: JWTPayload): string {
  // It goes into logs and the ledger, and names who did something.
  if (typeof sub !== 'string' || sub.length < 1 || sub.length > longestSubject)
    throw invalidToken('"sub" is not a line of 1 to 200 characters')
  if (hasUnseen(sub)) throw invalidToken('"sub" has invisible characters')
  if (sub !== sub.trim() || /[^\P{Zs} ]/u.test(sub))
    throw invalidToken('"sub" begins or ends with a space, or has one that is not U+0020')
  return sub
}

function tokenError(error: unknown): AppError {
  if (!(error instanceof errors.JOSEError) || keysUnavailable.has(error.code)) {
    const detail = 'The keys by which tokens are checked cannot be fetched at the moment'
    return new AppError('token_keys_unavailable', detail, { retryAfterSeconds: 5, cause: error })
  }
  if (error instanceof errors.JWTExpired) return invalidToken('it has expired', error)
  return invalidToken(error.message, error)
}

export function invalidToken(reason: string, cause?: unknown): AppError {
  // A header is ASCII, and its quotes are its own.
  const description = reason.replaceAll('"', "'").replaceAll(/[^ -~]/g, '?')
  return new AppError('invalid_token', `The token is refused: ${reason}`, {
    headers: {
      'WWW-Authenticate': `${challenge('invalid_token')}, error_description="${description}"`,
    },
    cause,
  })
}
