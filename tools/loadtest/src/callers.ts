import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { exchange, open, type Service } from '@ordinal/bench'
import type { Operation } from './operations'
import type { Settings } from './settings'

/** Before a service that is down is asked again over the same connection: it is not flooded. */
const pauseMs = 100

/** An operation that has ended, and its error, if it has one. */
export interface Ended {
  operation: Operation
  error: string | undefined
}

/**
 * Callers, each with a connection of its own to each service.
 *
 * @param nextOperation gives what a caller sends next
 */
export function createCallers(
  { urls, timeoutMs }: Pick<Settings, 'urls' | 'timeoutMs'>,
  nextOperation: () => Operation,
  signal: AbortSignal,
) {
  const connections = new Map<string, Socket>()

  async function connectionOf(caller: number, service: Service): Promise<Socket> {
    const name = `${caller} ${service}`
    const kept = connections.get(name)
    // One that the service has closed meanwhile is no failure of a request.
    if (kept?.writable && kept.readable) return kept
    kept?.destroy()
    const opened = await open(urls[service], timeoutMs)
    connections.set(name, opened)
    return opened
  }

  return {
    /** Sends the next operation, and gives how it ended. */
    async send(caller: number): Promise<Ended> {
      const operation = nextOperation()
      const connection = await connectionOf(caller, operation.service).catch(() => undefined)
      if (!connection) {
        operation.end(undefined)
        await delay(pauseMs, undefined, { signal }).catch(() => {})
        return { operation, error: 'not_connected' }
      }
      const answer = await exchange(connection, operation.text).catch(() => undefined)
      // What comes late would be taken for the answer to the next request.
      if (answer === undefined || /^connection: close/im.test(answer)) connection.destroy()
      return { operation, error: operation.end(answer) }
    },
    close(): void {
      for (const connection of connections.values()) connection.destroy()
    },
  }
}

export type Callers = ReturnType<typeof createCallers>
