import { anonymous, clientOf, type RequestContext } from '@ordinal/middleware'
import { AppError } from '../domain/errors'

/** Who has something open: the caller where it is known, else its address. */
export const clientIn = ({ caller, address }: Pick<RequestContext, 'caller' | 'address'>): string =>
  caller === anonymous ? `address ${clientOf(address)}` : `caller ${caller}`

/**
 * Bounds what one client has open at a time, so that none takes all that there is.
 *
 * @param what is opened, as the error names it
 */
export function createShare(what: string, mostOfClient: number) {
  const open = new Map<string, number>()

  return {
    /** @throws AppError `too_many_open` */
    require(client: string): void {
      const own = open.get(client) ?? 0
      if (own < mostOfClient) return
      throw new AppError('too_many_open', `This client has ${own} ${what} open already`, {
        retryAfterSeconds: 10,
      })
    },
    /** Counts one that has been opened; returns what is called once it has ended. */
    take(client: string): () => void {
      open.set(client, (open.get(client) ?? 0) + 1)
      return () => {
        const left = (open.get(client) ?? 0) - 1
        if (left > 0) open.set(client, left)
        else open.delete(client)
      }
    },
  }
}
