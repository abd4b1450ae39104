import type { JWTPayload } from 'jose'
import { highestRole, type CallerRole } from './caller-roles'

/** A name of an identity provider, and the role that it stands for. */
export interface RoleName {
  name: string
  role: CallerRole
}

/** Where a token has its roles, and what they are called there. */
export interface RoleSettings {
  jwtRolesClaim?: string | undefined
  jwtRoleMap?: readonly RoleName[] | undefined
}

/**
 * The highest role that a token has. The claim is found by its whole name first, which may have dots
 * (`https://example.com/roles`), then as a path (`realm_access.roles`). It is a list of names or one name; in `scope` and
 * `scp` names are separated by spaces (RFC 8693). With a map, a name counts only if the map has it: an `admin` of the
 * provider is none here.
 *
 * @returns undefined for a token without any
 */
export function roleIn(
  payload: JWTPayload,
  { jwtRolesClaim, jwtRoleMap }: RoleSettings,
): CallerRole | undefined {
  const names =
    jwtRolesClaim === undefined
      ? [payload.role, payload.roles].flatMap(listOf)
      : namesIn(claimAt(payload, jwtRolesClaim), /(^|\.)(scope|scp)$/.test(jwtRolesClaim))
  if (!jwtRoleMap) return highestRole(names)
  return highestRole(jwtRoleMap.filter(({ name }) => names.includes(name)).map(({ role }) => role))
}

/** The claim at a name or a path. */
export function claimAt(payload: object, path: string): unknown {
  if (Object.hasOwn(payload, path)) return payload[path as never]
  return path
    .split('.')
    .reduce<unknown>(
      (value, name) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, name)
          ? value[name as never]
          : undefined,
      payload,
    )
}

const listOf = (claim: unknown) => (Array.isArray(claim) ? (claim as unknown[]) : [claim])

const namesIn = (claim: unknown, isScope: boolean) =>
  isScope && typeof claim === 'string' ? claim.split(' ') : listOf(claim)
