import { AppError } from '@ordinal/errors'
import { roles, type Requirement, type Role } from './caller-roles'
import { anonymous, type RequestContext } from './request-id'

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
