import { userInfo } from 'node:os'
import { SignJWT } from 'jose'
import { roles, type Role } from '@ordinal/middleware'
import { readSecrets } from './passwords'
import { fail } from './progress'
import type { Settings } from './settings'

/** A token that the sequencer of the stack takes for 12 hours, for the person who runs the stack. */
function signToken(role: Role, secret: string): Promise<string> {
  const { JWT_ISSUER, JWT_AUDIENCE, JWT_ROLES_CLAIM } = process.env
  const token = new SignJWT({ [JWT_ROLES_CLAIM || 'role']: nameOf(role) })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(userInfo().username)
    .setIssuedAt()
    .setExpirationTime('12 hours')
  if (JWT_ISSUER) token.setIssuer(JWT_ISSUER)
  if (JWT_AUDIENCE) token.setAudience(JWT_AUDIENCE)
  return token.sign(new TextEncoder().encode(secret))
}

/** What JWT_ROLE_MAP calls a role; without one, or without a name in it, its own. */
function nameOf(role: Role): string {
  const entries = (process.env.JWT_ROLE_MAP ?? '').split(',').map((entry) => entry.trim())
  const entry = entries.find((entry) => entry.endsWith(`=${role}`))
  return entry?.slice(0, -role.length - 1).trim() ?? role
}

/** Prints a token and nothing else, so that it can be put into a variable; gives the exit code. */
export async function printToken(
  { folders, environment }: Settings,
  role: string | undefined,
): Promise<number> {
  if (!isRole(role)) {
    fail(new Error(`"${role ?? ''}" is no role: make token ROLE=${roles.join(', ROLE=')}`))
    return 1
  }
  const { tokens } = await readSecrets<'tokens'>(folders.secrets)
  const secret = environment.JWT_SECRET || tokens
  if (!secret) {
    fail(new Error('There is no secret to sign with yet: "make run" makes one when it is first run'))
    return 1
  }
  console.log(await signToken(role, secret))
  return 0
}

const isRole = (text: string | undefined): text is Role => roles.some((role) => role === text)
