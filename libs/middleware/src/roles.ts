import { AppError } from '@ordinal/errors'
import { anonymous, type RequestContext } from './request-id'

/** What a caller may do; each role may do what those before it may. */
export const roles = ['viewer', 'operator', 'admin'] as const
export type Role = (typeof roles)[number]

/**
 * What a caller may have: one of those roles; or it is a customer, for whom there is one user only, and that user's orders.
 */
export type CallerRole = Role | 'customer'
export const callerRoles: readonly CallerRole[] = ['customer', ...roles]

/** What may be asked of a caller: a role, or only that it says who it is, by a key or a token. */
export type Requirement = Role | 'caller'

/** The highest role among texts, of which others may be names of another system; undefined if there is none. */
export const highestRole = (names: readonly unknown[]): CallerRole | undefined =>
  callerRoles.findLast((role) => names.includes(role))

/**
 * Refuses a caller who has not at least this role, or who says nothing of itself where that is all that is asked for.
 *
 * @param tokensCheckable whether a key is configured by which tokens are checked
 * @throws AppError `authentication_required` for a caller who says nothing of itself, `role_too_low` for one of
 *   another role
 */
export function requireRole(
  role: Requirement,
  { caller, role: has }: RequestContext,
  tokensCheckable: boolean,
): void {
  if (role === 'caller') return requireCaller(caller, tokensCheckable)
  if (has && roles.indexOf(has as Role) >= roles.indexOf(role)) return
  if (caller === anonymous) {
    const detail = tokensCheckable
      ? `This needs the role ${role}: send a token as Authorization: Bearer`
      : `This needs the role ${role}, and no token can be checked: set JWT_SECRET or JWKS_URL for the service`
    throw authenticationRequired(detail)
  }
  throw new AppError('role_too_low', `This needs the role ${role}; ${caller} has ${has ?? 'no role'}`, {
    headers: { 'WWW-Authenticate': challenge('insufficient_scope', role) },
  })
}

function requireCaller(caller: string, tokensCheckable: boolean): void {
  if (caller !== anonymous) return
  const ways = tokensCheckable
    ? 'a token as Authorization: Bearer, or a key as X-API-Key'
    : 'a key as X-API-Key'
  throw authenticationRequired(`This needs a caller who is known: send ${ways}`)
}

const authenticationRequired = (detail: string) =>
  new AppError('authentication_required', detail, {
    headers: { 'WWW-Authenticate': challenge() },
  })

/** The value of WWW-Authenticate. */
export const challenge = (error?: string, scope?: string): string =>
  [
    'Bearer realm="ordinal"',
    ...(error ? [`error="${error}"`] : []),
    ...(scope ? [`scope="${scope}"`] : []),
  ].join(', ')
