import { boolean, variable, type Fault } from '@ordinal/config'
import { roles, type AccessRule, type AccessTarget, type Requirement } from '@ordinal/middleware'
import { faultsOfAuthentication, hasAuthentication, waysToAuthenticate } from './token-settings'

/** The parts of a request or the fields of a message, checked. */
export type AskedFields = Readonly<Record<string, unknown>>

/** What an operation needs of its caller, and how what it is about is found in a request. */
export interface Access extends AccessRule {
  /** For scopes that name something; without it none of those suffices. */
  target?: (fields: AskedFields) => AccessTarget
  /** What of it customers may, where that is less than all. */
  only?: string
}

/** Who may do what in a service, by operation: `GET /api/v1/users/{id}`, `orders.OrderService/GetOrder`. */
export type AccessTable = Readonly<Record<string, Access>>

/**
 * What is asked of callers: nothing but what a route asks for itself; that they are known; or what the table says.
 */
export type AccessMode = 'open' | 'known' | 'closed'

/** Who may call a service. */
export interface AccessPolicy {
  table: AccessTable
  mode: AccessMode
}

/** A row of a table: the role that is needed, and the scopes of keys of which one is. */
export const may = (role: Requirement, scopes: readonly string[] = []): Access => ({
  role,
  scopes,
  own: false,
})

/**
 * A row for operations that customers may do as well, for their own user.
 *
 * @param only what of it they may, where that is less: for the documents, since the service holds it with `requireStaff`
 */
export const mayOwn = (role: Requirement, scopes: readonly string[], only?: string): Access => ({
  role,
  scopes,
  own: true,
  ...(only !== undefined && { only }),
})

/** What can be asked of a caller: a route, or a method of gRPC. */
export interface Guarded {
  requires: Requirement | undefined
  access?: Access | undefined
}

/**
 * An operation as the policy has it.
 *
 * @throws Error if it is not in the table: what nobody has decided is not served
 */
export function guarded<A extends Guarded>(operation: string, asking: A, { table, mode }: AccessPolicy): A {
  const row = Object.hasOwn(table, operation) ? table[operation] : undefined
  if (!row) throw new Error(`${operation} is not in the table of who may do what`)
  if (asking.requires && isLower(row.role, asking.requires))
    throw new Error(`${operation} asks for ${asking.requires}, and its row in the table for less`)
  const ofMode = { open: 'anyone', known: 'caller', closed: row.role } as const
  const role = mode === 'closed' ? row.role : (asking.requires ?? ofMode[mode])
  return { ...asking, requires: role === 'anyone' ? undefined : role, access: { ...row, role } }
}

/** Of roles in their order; `caller` is before them, and "anyone" before that. */
const isLower = (of: Requirement | 'anyone', than: Requirement): boolean => rankOf(of) < rankOf(than)
const rankOf = (of: Requirement | 'anyone'): number => ['anyone', 'caller', ...roles].indexOf(of)

/** The name of a route in tables. */
export const operationOf = ({ method, path }: { method: string; path: string }): string =>
  `${method.toUpperCase()} ${path}`

/** The routes as the policy has them. */
export const guardRoutes = <R extends Guarded & { method: string; path: string }>(
  routes: readonly R[],
  policy: AccessPolicy,
): R[] => routes.map((route) => guarded(operationOf(route), route, policy))

/** The variables of who may call a service: one for all, and its own. */
export const accessVariables = (service: string) => ({
  requireAuthenticationOfAll: variable('REQUIRE_AUTHENTICATION', boolean(), {
    description:
      'Whether every call of every service, over REST and gRPC, needs a key or a token that may do it (docs/security.md); probes, metrics, the documentation and /errors need none',
    optional: true,
    example: true,
  }),
  requireAuthentication: variable(`${service}_REQUIRE_AUTHENTICATION`, boolean(), {
    description: 'Replaces REQUIRE_AUTHENTICATION for this service alone (docs/operations.md)',
    optional: true,
    example: true,
  }),
})

interface AccessSettings {
  requireAuthenticationOfAll: boolean | undefined
  requireAuthentication: boolean | undefined
}

/** What is asked of the callers of a service. */
export const accessModeOf = ({
  requireAuthentication,
  requireAuthenticationOfAll,
}: AccessSettings): AccessMode => ((requireAuthentication ?? requireAuthenticationOfAll) ? 'closed' : 'open')

type FaultSettings = AccessSettings & Parameters<typeof faultsOfAuthentication>[0]

/**
 * The fault of a service that requires authentication where no caller could authenticate. In production also of one where no
 * caller can, unless ALLOW_NO_AUTHENTICATION is set; and of one where callers can and neither variable says whether they must.
 */
export function faultsOfAccess(service: string, config: FaultSettings): Fault[] {
  const own = `${service}_REQUIRE_AUTHENTICATION`
  const set = config.requireAuthentication ?? config.requireAuthenticationOfAll
  if (set && !hasAuthentication(config)) {
    const name = config.requireAuthentication ? own : 'REQUIRE_AUTHENTICATION'
    const message = `${name} is true, and no caller could authenticate: set ${waysToAuthenticate(config)}`
    return [{ variable: name, message }]
  }
  const unconfigured = faultsOfAuthentication(config)
  if (unconfigured.length > 0) return unconfigured
  if (set !== undefined || config.nodeEnv !== 'production' || config.allowNoAuthentication) return []
  const message =
    'NODE_ENV is production and REQUIRE_AUTHENTICATION is not set: set it to true, or to false if anyone may call ' +
    `(${own} for this service alone)`
  return [{ variable: 'REQUIRE_AUTHENTICATION', message }]
}
