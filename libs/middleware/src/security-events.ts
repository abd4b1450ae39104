import type { PersonalAction, RequestContext } from './request-id'

// What a SIEM takes, in the words of the Elastic Common Schema (https://www.elastic.co/docs/reference/ecs/ecs-event): the field
// `event` of the line of a request. docs/security-events.md says what the other fields of the line are there.

/** `event.*` of the Elastic Common Schema. */
export interface SecurityEvent {
  kind: 'event'
  category: readonly ('authentication' | 'api')[]
  type: readonly ('access' | 'change' | 'creation' | 'deletion' | 'denied' | 'start')[]
  action: string
  outcome: 'success' | 'failure' | 'unknown'
  /** The code of the error. */
  code?: string
  /** Why a token was refused; never what it holds. */
  reason?: string
}

const typeOf = {
  read: 'access',
  create: 'creation',
  change: 'change',
  delete: 'deletion',
  erase: 'deletion',
} as const

const signIn = { category: ['authentication', 'api'], type: ['start', 'denied'] } as const
const denied = { category: ['api'], type: ['denied'] } as const

/** By the code of a refusal. What is not here is no security event. */
const refusals: Readonly<Record<string, Pick<SecurityEvent, 'category' | 'type' | 'action'>>> = {
  invalid_token: { ...signIn, action: 'sign-in' },
  invalid_api_key: { ...signIn, action: 'sign-in' },
  authentication_required: { ...signIn, action: 'sign-in' },
  token_keys_unavailable: { ...signIn, action: 'sign-in' },
  role_too_low: { ...denied, action: 'authorize' },
  scope_missing: { ...denied, action: 'authorize' },
  rate_limited: { ...denied, action: 'limit-rate' },
  cross_site_request: { ...denied, action: 'check-origin' },
  host_not_allowed: { ...denied, action: 'check-host' },
}

/** Whether a refusal with this code is a security event. */
export const isSecurityEvent = (code: string): boolean => Object.hasOwn(refusals, code)

/** Notes that a request reads or changes data of persons, and of which users. */
export function notePersonalData(
  context: Pick<RequestContext, 'personal'>,
  action: PersonalAction,
  userIds: readonly number[],
): void {
  context.personal = { action, userIds }
}

/**
 * The fields of a request's line that make it a security event: none if it is not.
 *
 * @param succeeded whether it was answered as it was asked
 */
export function eventFields(
  { refused, refusedBecause, personal }: Pick<RequestContext, 'refused' | 'refusedBecause' | 'personal'>,
  succeeded: boolean,
): { event?: SecurityEvent; user_ids?: readonly number[] } {
  if (refused !== undefined && isSecurityEvent(refused)) {
    const outcome = refused === 'token_keys_unavailable' ? 'unknown' : 'failure'
    const reason = refusedBecause === undefined ? {} : { reason: refusedBecause }
    return { event: { kind: 'event', ...refusals[refused]!, outcome, code: refused, ...reason } }
  }
  if (!personal) return {}
  const { action, userIds } = personal
  const code = refused === undefined ? {} : { code: refused }
  return {
    event: {
      kind: 'event',
      category: ['api'],
      type: [typeOf[action]],
      action: `${action}-personal-data`,
      outcome: succeeded ? 'success' : 'failure',
      ...code,
    },
    user_ids: userIds,
  }
}
