import { useSyncExternalStore } from 'react'
import type { RoleConfig } from './config'

export type Role = 'viewer' | 'operator' | 'admin'

/** Who is signed in. Kept for this tab only, and gone when it is closed. */
export interface Session {
  kind: 'token' | 'key'
  secret: string
  /** What a token says of itself: only the service knows whether it is true. */
  name: string | undefined
  role: Role | undefined
  expiresAt: Date | undefined
}

// The highest first.
const roles: readonly Role[] = ['admin', 'operator', 'viewer']
const place = 'ordinal.session'
const refreshPlace = 'ordinal.refresh'
let roleConfig: RoleConfig = {}
const callerListeners = new Set<() => void>()
const tokenListeners = new Set<() => void>()
let session = read(sessionStorage.getItem(place))

/** The session of what was pasted: a token, or a key; undefined if it is nothing. */
export function read(pasted: string | null): Session | undefined {
  const secret = pasted?.trim().replace(/^Bearer\s+/i, '')
  if (!secret) return undefined
  const claims = claimsIn(secret)
  if (!claims) return { kind: 'key', secret, name: undefined, role: undefined, expiresAt: undefined }
  const { sub, exp } = claims
  return {
    kind: 'token',
    secret,
    name: typeof sub === 'string' ? sub : undefined,
    role: roleOf(claims),
    expiresAt: typeof exp === 'number' ? new Date(exp * 1000) : undefined,
  }
}

export function signIn(pasted: string): boolean {
  const next = read(pasted)
  if (next) set(next)
  return next !== undefined
}

export const signOut = () => set(undefined)

/** By an identity provider, with what renews its token. */
export function signInWith(accessToken: string, refreshToken: string | undefined): void {
  set(read(accessToken))
  keepRefreshToken(refreshToken)
}

/** The same caller goes on with another token: nothing is read again. */
export function goOnWith(accessToken: string, refreshToken: string | undefined): void {
  session = read(accessToken)
  sessionStorage.setItem(place, accessToken)
  keepRefreshToken(refreshToken)
  for (const listener of tokenListeners) listener()
}

export const refreshToken = () => sessionStorage.getItem(refreshPlace)

export function keepRefreshToken(token: string | undefined): void {
  if (token === undefined) sessionStorage.removeItem(refreshPlace)
  else sessionStorage.setItem(refreshPlace, token)
}

/** How the services read roles in a token. */
export function readRolesAs(config: RoleConfig | undefined): void {
  roleConfig = config ?? {}
  session = read(session?.secret ?? null)
}

export const currentSession = () => session

export const useSession = () => useSyncExternalStore(onChange, currentSession)

/** Hears of every change, also of a token that was renewed. */
function onChange(listener: () => void): () => void {
  tokenListeners.add(listener)
  return () => void tokenListeners.delete(listener)
}

/** Hears of another caller. */
export function subscribe(listener: () => void): () => void {
  callerListeners.add(listener)
  return () => void callerListeners.delete(listener)
}

function set(next: Session | undefined): void {
  session = next
  if (next) sessionStorage.setItem(place, next.secret)
  else sessionStorage.removeItem(place)
  keepRefreshToken(undefined)
  for (const listener of [...callerListeners, ...tokenListeners]) listener()
}

function claimsIn(secret: string): Record<string, unknown> | undefined {
  const [, payload] = secret.split('.')
  if (!payload) return undefined
  try {
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (character) =>
      character.charCodeAt(0),
    )
    return JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>
  } catch {
    return undefined
  }
}

/** The highest role that a token names, as the services read it: `libs/middleware/src/role-claims.ts`. */
function roleOf(claims: Record<string, unknown>): Role | undefined {
  const { claim, map } = roleConfig
  const names =
    claim === undefined
      ? [claims.role, claims.roles].flatMap(listOf)
      : namesIn(claimAt(claims, claim), /(^|\.)(scope|scp)$/.test(claim))
  const own = map ? map.filter(({ name }) => names.includes(name)).map(({ role }) => role) : names
  return roles.find((each) => own.includes(each))
}

function claimAt(claims: Record<string, unknown>, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path]
  return path
    .split('.')
    .reduce<unknown>(
      (value, name) =>
        typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined,
      claims,
    )
}

// Declared as functions: the session is read before the rest of this file has run.
function listOf(claim: unknown): unknown[] {
  return Array.isArray(claim) ? (claim as unknown[]) : [claim]
}

function namesIn(claim: unknown, isScope: boolean): unknown[] {
  return isScope && typeof claim === 'string' ? claim.split(' ') : listOf(claim)
}

/** Whether a request that needs a role may succeed: the service decides about keys, and about roles that it alone can read. */
export const maySucceed = (needed: Role, who: Session | undefined): boolean =>
  who?.kind === 'key' || isOffered(needed, who)

/**
 * Whether to offer what needs a role. A key may do what its scopes say, and a token of another provider may call its roles
 * otherwise: those are offered it, and the service decides.
 */
export function isOffered(needed: Role, who: Session | undefined): boolean {
  if (!who) return false
  if (who.role === undefined) return who.kind === 'key' ? needed !== 'admin' : true
  return roles.indexOf(who.role) <= roles.indexOf(needed)
}
