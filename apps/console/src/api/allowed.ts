import { currentSession, maySucceed, type Role } from './session'

/** The request was not sent: the service would refuse this role. */
export class NotAllowedError extends Error {
  constructor(readonly needed: Role) {
    super(`This needs the role ${needed}`)
  }
}

/**
 * Before a request for what always needs a role, also of a service that anyone may call: it would be refused, and logged.
 *
 * @throws NotAllowedError
 */
export function requireRole(needed: Role): void {
  if (!maySucceed(needed, currentSession())) throw new NotAllowedError(needed)
}

/**
 * Reads the rules of sequences, sites, or the ledger, which only known callers may see.
 *
 * @throws NotAllowedError
 */
export async function asViewer<Found>(read: () => Promise<Found>): Promise<Found> {
  requireRole('viewer')
  return read()
}

/**
 * Reads what only administrators may see.
 *
 * @throws NotAllowedError
 */
export async function asAdmin<Found>(read: () => Promise<Found>): Promise<Found> {
  requireRole('admin')
  return read()
}
