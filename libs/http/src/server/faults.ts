import type { Socket } from 'node:net'
import { isUnhurried, type Connection } from './connection'
import { connectRefusal, plainRefusal, refusalFor, refuse, type Refused } from './unreadable'

/**
 * Answers what cannot be read.
 *
 * @param basePath the path in front of ours, as clients know it
 * @param onRefused called with each request that was refused so
 */
export function createFaults(basePath: string, onRefused: (refused: Refused) => void) {
  /**
   * Answers come in the order of the requests: the refusal waits for those that are pending. If it is the body of the
   * latest request that cannot be read, the refusal is the answer to that, unless another has begun.
   */
  function refuseInTurn({ socket, latest, answers, waiting, asksHead, fault }: Connection): void {
    if (!fault || waiting.length > 0) return
    const unfinished = latest && !latest.req.complete ? latest : undefined
    if (answers.length > (unfinished && !unfinished.closed ? 1 : 0)) return
    if (!socket.writable || unfinished?.headersSent) return void socket.destroy()
    onRefused(refuse(socket, refusalFor(fault), basePath, { request: unfinished?.req, asksHead }))
  }

  return {
    refuseInTurn,
    /** Takes an error of Node's parser: nothing can be read after it. */
    note(error: Error, connection: Connection | undefined): void {
      if (!connection || connection.fault || isAwaited(error, connection)) return
      connection.fault = error
      refuseInTurn(connection)
    },
    /** Refuses a client that takes the service for a proxy. */
    refuseConnect(socket: Socket, connection: Connection | undefined): void {
      // Node no longer listens for its errors.
      socket.on('error', () => {})
      onRefused(refuse(socket, connectRefusal(), basePath))
      // Answers before it could no longer be sent in full.
      if (connection?.answers.length) socket.destroy()
    },
    /** Refuses a client that sends HTTP to a server of HTTPS. */
    refusePlain: (transport: Socket) => onRefused(refuse(transport, plainRefusal(), basePath)),
  }
}

/** Whether Node's limit on the time that a request may take to arrive has passed for one that may take longer. */
function isAwaited({ code }: NodeJS.ErrnoException, { latest, paused }: Connection): boolean {
  if (code !== 'ERR_HTTP_REQUEST_TIMEOUT' || !latest) return false
  return paused || (!latest.writableFinished && isUnhurried(latest))
}
