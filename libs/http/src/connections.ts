import type { Socket } from 'node:net'
import { clientOf } from '@ordinal/middleware'

export interface ConnectionLimits {
  /** Open connections in all. */
  connections: number
  /** Those of one client, by the address that connects; 0 for no bound, as where a proxy connects for all. */
  connectionsPerClient: number
}

/** The share of a bound that is cut at once, so that a flood is not sorted for each of its connections. */
const shareCut = 1 / 16

/**
 * Bounds the connections of a server. One too many is not refused, since a client that holds them all would keep all others
 * out: the least useful ones of its client are closed, or those of the client that has the most.
 *
 * @param useOf how useful a connection is, as a number
 * @param cut closes one
 */
export function boundConnections<Connection extends { socket: Socket }>(
  { connections, connectionsPerClient }: ConnectionLimits,
  useOf: (connection: Connection) => number,
  cut: (connection: Connection) => void,
) {
  const clients = new Map<string, Set<Connection>>()
  let open = 0

  function remove(client: string, connection: Connection): void {
    const own = clients.get(client)
    if (!own?.delete(connection)) return
    open -= 1
    if (own.size === 0) clients.delete(client)
  }

  function makeRoom(client: string, bound: number): void {
    const byUse = [...clients.get(client)!].map((each) => [useOf(each), each] as const)
    byUse.sort(([one], [other]) => one - other)
    for (const [, connection] of byUse.slice(0, Math.max(1, Math.floor(bound * shareCut)))) {
      remove(client, connection)
      cut(connection)
    }
  }

  return {
    /** Counts one that has just been opened. */
    add(connection: Connection): void {
      const client = clientOf(connection.socket.remoteAddress)
      const own = clients.get(client) ?? new Set()
      clients.set(client, own.add(connection))
      open += 1
      connection.socket.once('close', () => remove(client, connection))
      if (connectionsPerClient > 0 && own.size > connectionsPerClient) makeRoom(client, connectionsPerClient)
      else if (open > connections) makeRoom(largest(clients), connections)
    },
    open: () => open,
  }
}

function largest(clients: ReadonlyMap<string, ReadonlySet<unknown>>): string {
  let [most, size] = ['', 0]
  for (const [client, own] of clients) if (own.size > size) [most, size] = [client, own.size]
  return most
}
