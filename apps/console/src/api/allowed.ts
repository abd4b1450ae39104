import { currentSession, maySucceed, type Role } from './session'

/** The request was not sent: the service would refuse this role. */
export class NotAllowedError extends Error {
  constructor(readonly needed: Role) {
    super(`This needs the role ${needed}`)
  }
}

/**
 * Reads what only administrators may see. For others it sends no request: the service would refuse it, and log that.
 *
 * @throws NotAllowedError
 */
export const asAdmin = <Found>(read: () => Promise<Found>): Promise<Found> =>
  maySucceed('admin', currentSession()) ? read() : Promise.reject(new NotAllowedError('admin'))
