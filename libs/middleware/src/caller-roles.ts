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
