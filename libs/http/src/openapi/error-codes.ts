import type { CommonCode } from '@ordinal/errors'
import { changesSomething, type Route } from '../route'
import type { Shared } from './shared'

// What is refused before the route is known, and what any route can meet.
const anywhere = [
  'malformed_request',
  'condition_not_supported',
  'expectation_failed',
  'host_not_allowed',
  'headers_too_large',
  'request_timeout',
  'internal_error',
] as const satisfies CommonCode[]

/**
 * The errors that are the same whatever is asked for. All operations that change something name the same, and all that do not,
 * so that the document has them once: those of bodies and conditions, too, where there may be none.
 */
export function commonCodes(route: Route, { takesTokens, managesKeys }: Shared): string[] {
  const { probe, unlimited, workload } = route
  if (probe) {
    const bounds = [...(workload !== 'main' ? ['overloaded'] : []), ...(unlimited ? [] : ['rate_limited'])]
    return [...anywhere, ...bounds]
  }
  return [
    ...anywhere,
    ...ofCalls,
    ...(changesSomething(route) ? ofChanges : []),
    ...(takesTokens ? ['invalid_token', 'token_keys_unavailable', 'role_too_low'] : []),
    ...(managesKeys ? ['api_keys_unavailable'] : []),
  ]
}

const ofCalls = [
  'malformed_url',
  'authentication_required',
  'invalid_api_key',
  // A key with scopes is held to them also where anyone may call.
  'scope_missing',
  'version_mismatch',
  'rate_limited',
  'overloaded',
  'database_unavailable',
  'deadline_exceeded',
] as const satisfies CommonCode[]

const ofChanges = [
  'malformed_json',
  'json_too_complex',
  'invalid_idempotency_key',
  'cross_site_request',
  'body_too_large',
  'unsupported_media_type',
  'idempotency_key_reused',
  'outcome_unknown',
] as const satisfies CommonCode[]

/** The errors of a route, besides those that are common. */
export function ownCodes(route: Route, common: readonly string[]): string[] {
  const codes = [...route.errors, 'validation_failed'].filter((code) => !common.includes(code))
  if (route.params && 'id' in route.params.shape) codes.push('invalid_id')
  // Its answer says which types there are.
  if (route.upload || route.method === 'patch') codes.push('unsupported_media_type')
  return codes
}
