import { AppError } from '@ordinal/errors'
import { anonymous, type RequestContext } from './request-id'
import { roles, type CallerRole, type Requirement } from './caller-roles'
import { challenge, requireRole } from './roles'

/** What an operation needs of its caller. The tables of the services are made of these, and so is docs/security.md. */
export interface AccessRule {
  /** The role that a person needs at least, or an API key without scopes, which has the role operator. */
  role: Requirement | 'anyone'
  /**
   * The scopes of which an API key that carries any needs one; none: no such key may. A scope holds for all, or with a name
   * at its end for one: `numbers:issue`, `numbers:issue:INV`.
   */
  scopes: readonly string[]
  /** Whether a customer may, for the user that its token names. */
  own: boolean
}

/** What is known of a caller when it is decided what it may do. */
export interface Who {
  known: boolean
  role: CallerRole | undefined
  /** What an API key is limited to; undefined for one that is not, and for tokens. */
  scopes: readonly string[] | undefined
  /** The user that a customer is. */
  userId: number | undefined
}

/** What an operation is about, as far as it matters; undefined if it is not known (yet). */
export interface AccessTarget {
  /** Whose user or order it is. */
  userId?: number | undefined
  /** What scopes with a name must name, all of it: sequences. */
  names?: readonly string[] | undefined
}

export type Decision = 'allowed' | 'unauthenticated' | 'forbidden' | 'not_there'

/**
 * Whether a caller may do something: the one decision, for REST and gRPC and for all services. A caller that shows a key with
 * scopes or a customer's token is held to it also where anyone may call.
 *
 * @param target without it the answer is `allowed` where it depends on the target: it is asked for again when that is known
 */
export function decide(rule: AccessRule, who: Who, target?: AccessTarget): Decision {
  if (who.scopes) return isCovered(rule.scopes, who.scopes, target) ? 'allowed' : 'forbidden'
  if (who.role === 'customer') {
    if (!rule.own || who.userId === undefined) return 'forbidden'
    return target?.userId === undefined || target.userId === who.userId ? 'allowed' : 'not_there'
  }
  if (rule.role === 'anyone') return 'allowed'
  if (!who.known) return 'unauthenticated'
  if (rule.role === 'caller') return 'allowed'
  return who.role !== undefined && roles.indexOf(who.role) >= roles.indexOf(rule.role)
    ? 'allowed'
    : 'forbidden'
}

function isCovered(needed: readonly string[], held: readonly string[], target?: AccessTarget): boolean {
  if (needed.some((scope) => held.includes(scope))) return true
  if (target === undefined) return needed.some((scope) => held.some((one) => one.startsWith(`${scope}:`)))
  const { names = [] } = target
  return names.length > 0 && names.every((name) => needed.some((scope) => held.includes(`${scope}:${name}`)))
}

/** A caller, as decisions see it. */
export const whoIs = ({ caller, role, scopes, userId }: RequestContext): Who => ({
  known: caller !== anonymous,
  role,
  scopes,
  userId,
})

/** Whether what the caller may do depends on what the operation is about. */
export const dependsOnTarget = ({ role, scopes }: RequestContext): boolean =>
  scopes !== undefined || role === 'customer'

/** Whether a user, and their orders, are not there for the caller: it is a customer, and another user. */
export const isHiddenFrom = (
  { role, userId: ofCaller }: Pick<RequestContext, 'role' | 'userId'>,
  userId: number,
): boolean => {
  if (role !== 'customer') return false
  const who = { known: true, role, scopes: undefined, userId: ofCaller }
  return decide(ownOnly, who, { userId }) !== 'allowed'
}

const ownOnly: AccessRule = { role: 'anyone', scopes: [], own: true }

/**
 * Refuses a caller who may not do this.
 *
 * @param tokensCheckable whether a key is configured by which tokens are checked
 * @param target what it is about, when it is known
 * @throws AppError `authentication_required`, `role_too_low`, `scope_missing`
 */
export function requireAccess(
  rule: AccessRule,
  context: RequestContext,
  tokensCheckable: boolean,
  target?: AccessTarget,
): void {
  if (rule.role === 'anyone' && !dependsOnTarget(context)) return
  const decision = decide(rule, whoIs(context), target)
  // What is not there for somebody is answered by whoever looks for it, as if it did not exist.
  if (decision === 'allowed' || decision === 'not_there') return
  if (context.scopes) throw scopeMissing(rule, context)
  if (rule.role === 'anyone' || context.role === 'customer') throw notForCustomers(context)
  requireRole(rule.role, context, tokensCheckable)
}

function scopeMissing({ scopes }: AccessRule, { caller }: RequestContext): AppError {
  const needed = scopes.length > 0 ? `the scope ${scopes.join(' or ')}` : 'more than any scope gives'
  const detail = `This needs ${needed}; the key of ${caller} has another, or has it for something else`
  return new AppError('scope_missing', detail, {
    headers: { 'WWW-Authenticate': challenge('insufficient_scope', scopes.join(' ')) },
  })
}

/**
 * Refuses a customer what only the staff may: viewers, operators, administrators and machines.
 *
 * @param what completes "may not …"
 * @throws AppError `role_too_low`
 */
export function requireStaff({ caller, role }: Pick<RequestContext, 'caller' | 'role'>, what: string): void {
  if (role !== 'customer') return
  throw new AppError('role_too_low', `${caller} has the role customer, which may not ${what}`, {
    headers: { 'WWW-Authenticate': challenge('insufficient_scope') },
  })
}

const notForCustomers = ({ caller, userId }: RequestContext) => {
  const detail =
    userId === undefined
      ? `${caller} has the role customer, and a token that does not say which user that is`
      : `${caller} has the role customer, which may not do this`
  return new AppError('role_too_low', detail, {
    headers: { 'WWW-Authenticate': challenge('insufficient_scope') },
  })
}
