import { currentSession, mayBeServed, type Role } from './session'

/** Not asked for: the role that is signed in is one that the service refuses. */
export class NotAllowedError extends Error {
  constructor(readonly needed: Role) {
    super(`This needs the role ${needed}`)
  }
}

/**
 * Reads what only a role may see. Without the role nothing is asked: the service would refuse it, and log that.
 *
 * @throws NotAllowedError
 */
export const readAs = <Found>(role: Role, read: () => Promise<Found>): Promise<Found> =>
  mayBeServed(role, currentSession()) ? read() : Promise.reject(new NotAllowedError(role))
