import { isIPv4 } from 'node:net'
import { boolean, httpUrl, integer, list, seconds, variable, type Fault } from '@ordinal/config'
import { callerRoles, type ApiKey, type RoleName, type TokenSettings } from '@ordinal/middleware'
import { z } from 'zod'

// RFC 7518: a key of HS256 has at least as many bytes as its hash.
const leastSecretBytes = 32

const secret = z
  .string()
  .refine(
    (text) => Buffer.byteLength(text) >= leastSecretBytes,
    `must have at least ${leastSecretBytes} bytes`,
  )

// The name may have an = itself, as those of LDAP have.
const roleName = z.string().transform((entry, context) => {
  const at = entry.lastIndexOf('=')
  const name = entry.slice(0, at).trim()
  const role = callerRoles.find((role) => role === entry.slice(at + 1).trim())
  if (at > 0 && name && role) return { name, role }
  context.addIssue(`must be name=role, with one of the roles ${callerRoles.join(', ')}`)
  return z.NEVER
})

/** The variables of a service that takes tokens, the same for all such services. */
export function tokenVariables() {
  return {
    jwtSecret: variable('JWT_SECRET', secret, {
      description: 'Secret of tokens signed with HS256, at least 32 bytes: openssl rand -hex 32',
      optional: true,
      secret: true,
      example: 'the-output-of-openssl-rand-hex-32',
    }),
    jwksUrl: variable('JWKS_URL', httpUrl({ query: true }), {
      description:
        'Where the public keys of an identity provider are, for tokens that it signs; https:// in production',
      optional: true,
      example: 'https://login.example.com/.well-known/jwks.json',
    }),
    jwtIssuer: variable('JWT_ISSUER', z.string(), {
      description: 'What a token must have as iss; any if not set, which JWKS_URL does not allow',
      optional: true,
      example: 'https://login.example.com',
    }),
    jwtAudience: variable('JWT_AUDIENCE', z.string(), {
      description: 'What a token must have among its aud; any if not set, which JWKS_URL does not allow',
      optional: true,
      example: 'ordinal',
    }),
    jwtClockToleranceSeconds: variable('JWT_CLOCK_TOLERANCE', integer({ min: 0, max: 300 }), {
      description: "Seconds that the clock of a token's issuer may be wrong",
      default: 5,
    }),
    jwtMaxLifetimeSeconds: variable('JWT_MAX_LIFETIME', seconds({ unit: 's' }), {
      description: 'Seconds that a token may be valid at most, from its iat (or from now) to its exp',
      default: 86_400,
    }),
    jwtRolesClaim: variable('JWT_ROLES_CLAIM', z.string(), {
      description: 'The claim that has the roles, by its name or by its path; role and roles if not set',
      optional: true,
      example: 'realm_access.roles',
    }),
    jwtRoleMap: variable('JWT_ROLE_MAP', list<RoleName>(roleName), {
      description:
        'What the names of an identity provider stand for, as name=role, separated by commas; no other name counts then. A role is viewer, operator, admin or customer; without a map these are the names',
      optional: true,
      example: 'numbering-admins=admin,accounting=operator',
    }),
    jwtUserIdClaim: variable('JWT_USER_ID_CLAIM', z.string(), {
      description:
        'The claim that has the id of the user that a customer is (role customer), by its name or by its path; user_id if not set',
      optional: true,
      example: 'https://example.com/user_id',
    }),
    allowNoAuthentication: variable('ALLOW_NO_AUTHENTICATION', boolean(), {
      description:
        'Start in production although callers need not, or cannot, authenticate: a proxy in front does it',
      default: false,
    }),
  }
}

type Authentication = Pick<TokenSettings, 'jwtSecret' | 'jwksUrl'> & {
  apiKeys: readonly ApiKey[] | undefined
  /** Where the service is whose managed keys are followed; not there if none are. */
  apiKeysUrl?: string | undefined
}

/** The variables of which one makes callers known, for messages. */
export const waysToAuthenticate = (config: Authentication): string =>
  'apiKeysUrl' in config
    ? 'JWT_SECRET, JWKS_URL, API_KEYS or API_KEYS_URL'
    : 'JWT_SECRET, JWKS_URL or API_KEYS'

/** Whether callers can authenticate at all. */
export const hasAuthentication = ({ jwtSecret, jwksUrl, apiKeys, apiKeysUrl }: Authentication): boolean =>
  jwtSecret !== undefined ||
  jwksUrl !== undefined ||
  apiKeysUrl !== undefined ||
  (apiKeys !== undefined && apiKeys.length > 0)

/** The fault of a service in production where no caller can authenticate; none if that is allowed. */
export function faultsOfAuthentication(
  config: Authentication & { nodeEnv: string | undefined; allowNoAuthentication: boolean },
): Fault[] {
  const { nodeEnv, allowNoAuthentication } = config
  if (nodeEnv !== 'production' || allowNoAuthentication || hasAuthentication(config)) return []
  const message =
    `NODE_ENV is production and no authentication is configured: set ${waysToAuthenticate(config)}, ` +
    'or ALLOW_NO_AUTHENTICATION=true if a proxy in front does it'
  return [{ variable: 'JWT_SECRET', message }]
}

/**
 * The faults of the settings of tokens: with JWKS_URL, issuer and audience are required. An identity provider signs tokens
 * for many services; only issuer and audience say which are for this one. And in production its keys come by TLS, or from
 * this machine: whoever is on the way could give keys of their own, and sign for anybody.
 */
export function faultsOfTokens({
  jwksUrl,
  jwtIssuer,
  jwtAudience,
  nodeEnv,
}: TokenSettings & { nodeEnv: string | undefined }): Fault[] {
  if (jwksUrl === undefined) return []
  const { protocol, hostname } = new URL(jwksUrl)
  const isClear = protocol === 'http:' && !isLoopback(hostname)
  const missing = { JWT_ISSUER: jwtIssuer, JWT_AUDIENCE: jwtAudience }
  const faults = Object.entries(missing).flatMap(([variable, value]) =>
    value === undefined
      ? {
          variable,
          message: `${variable} is not set: with JWKS_URL alone, tokens for other services would be accepted`,
        }
      : [],
  )
  if (nodeEnv === 'production' && isClear) {
    const message =
      'NODE_ENV is production and JWKS_URL is http://: whoever is on the way could sign tokens; use https://'
    faults.push({ variable: 'JWKS_URL', message })
  }
  return faults
}

const isLoopback = (host: string) =>
  host === 'localhost' || host === '[::1]' || (isIPv4(host) && host.startsWith('127.'))
