import { useSyncExternalStore } from 'react'

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
const listeners = new Set<() => void>()
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

export const currentSession = () => session

export const useSession = () => useSyncExternalStore(subscribe, currentSession)

export function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

function set(next: Session | undefined): void {
  session = next
  if (next) sessionStorage.setItem(place, next.secret)
  else sessionStorage.removeItem(place)
  for (const listener of listeners) listener()
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

function roleOf({ role, roles: list }: Record<string, unknown>): Role | undefined {
  const named = [role, ...(Array.isArray(list) ? (list as unknown[]) : [list])]
  return roles.find((each) => named.includes(each))
}

/**
 * Whether to offer what needs a role. A key may do what its scopes say, and a token of another provider may call its roles
 * otherwise: those are offered it, and the service decides.
 */
export function mayDo(needed: Role, who: Session | undefined): boolean {
  if (!who) return false
  if (who.role === undefined) return who.kind === 'key' ? needed !== 'admin' : true
  return roles.indexOf(who.role) <= roles.indexOf(needed)
}
