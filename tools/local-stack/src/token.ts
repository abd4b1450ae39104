import { userInfo } from 'node:os'
import { SignJWT } from 'jose'
import { callerRoles, roles, type CallerRole } from '@ordinal/middleware'
import { readSecrets } from './passwords'
import { fail } from './progress'
import type { Settings } from './settings'

/** A token that the services of the stack take for 12 hours, for the person who runs the stack, or for a user of it. */
function signToken(role: CallerRole, secret: string, userId?: number): Promise<string> {
  const { JWT_ISSUER, JWT_AUDIENCE, JWT_ROLES_CLAIM, JWT_USER_ID_CLAIM } = process.env
  const ofUser = userId === undefined ? {} : { [JWT_USER_ID_CLAIM || 'user_id']: userId }
  const token = new SignJWT({ [JWT_ROLES_CLAIM || 'role']: nameOf(role), ...ofUser })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(userId === undefined ? userInfo().username : `user-${userId}`)
    .setIssuedAt()
    .setExpirationTime('12 hours')
  if (JWT_ISSUER) token.setIssuer(JWT_ISSUER)
  if (JWT_AUDIENCE) token.setAudience(JWT_AUDIENCE)
  return token.sign(new TextEncoder().encode(secret))
}

/** What JWT_ROLE_MAP calls a role; without one, or without a name in it, its own. */
function nameOf(role: CallerRole): string {
  const entries = (process.env.JWT_ROLE_MAP ?? '').split(',').map((entry) => entry.trim())
  const entry = entries.find((entry) => entry.endsWith(`=${role}`))
  return entry?.slice(0, -role.length - 1).trim() ?? role
}

/** Prints a token and nothing else, so that it can be put into a variable; gives the exit code. */
export async function printToken(
  { folders, environment }: Settings,
  role: string | undefined,
  user = '',
): Promise<number> {
  if (!isRole(role)) {
    fail(
      new Error(
        `"${role ?? ''}" is no role: make token ROLE=${roles.join(', ROLE=')}, or ROLE=customer USER_ID=1`,
      ),
    )
    return 1
  }
  if (role === 'customer' && !/^[1-9]\d{0,14}$/.test(user)) {
    fail(new Error(`"${user}" is the id of no user: make token ROLE=customer USER_ID=1`))
    return 1
  }
  const { tokens } = await readSecrets<'tokens'>(folders.secrets)
  const secret = environment.JWT_SECRET || tokens
  if (!secret) {
    fail(new Error('There is no secret to sign with yet: "make run" makes one when it is first run'))
    return 1
  }
  console.log(await signToken(role, secret, role === 'customer' ? Number(user) : undefined))
  return 0
}

const isRole = (text: string | undefined): text is CallerRole => callerRoles.some((role) => role === text)

/** A token of each role, for whoever starts the stack closed; none where an identity provider makes them. */
export async function tokensOfRoles(
  { JWT_SECRET, JWKS_URL }: NodeJS.ProcessEnv,
  { tokens }: Record<'tokens', string>,
): Promise<{ role: string; token: string }[]> {
  const secret = JWT_SECRET || (JWKS_URL ? undefined : tokens)
  if (secret === undefined) return []
  return Promise.all(roles.map(async (role) => ({ role, token: await signToken(role, secret) })))
}
