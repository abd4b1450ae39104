import type { Socket } from 'node:net'
import { clientOf } from '@ordinal/middleware'

/** The share of a bound that is cut at once, so that a flood is not sorted for each of its connections. */
const shareCut = 1 / 16

/** One of the servers whose connections a budget counts. */
interface Listener<Connection> {
  /** How many may be open, of all clients together. */
  connections: number
  /** How useful a connection is, as a number; only those of one listener are compared. */
  useOf: (connection: Connection) => number
  cut: (connection: Connection) => void
}

/** What a budget asks of a listener. */
interface Counted {
  of(client: string): number
  makeRoom(client: string, bound: number): void
}

export type ConnectionBudget = ReturnType<typeof createConnectionBudget>

/**
 * Bounds the open connections of a service: those of one client on all its listeners together, and those of each listener.
 * One too many is not refused, since a client that holds them all would keep all others out: the least useful ones of its
 * client are closed, where that client has the most; or, of a full listener, those of the client that has the most.
 *
 * @param perClient of one client, by the address that connects; 0 for no bound, as where a proxy connects for all
 */
export function createConnectionBudget(perClient: number) {
  const listeners: Counted[] = []
  const ofAll = (client: string) => listeners.reduce((sum, each) => sum + each.of(client), 0)
  const fullest = (client: string) =>
    listeners.reduce((most, each) => (each.of(client) > most.of(client) ? each : most))

  return {
    /** Adds a listener to those that are counted. */
    bound<Connection extends { socket: Socket }>({ connections, useOf, cut }: Listener<Connection>) {
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

      listeners.push({ of: (client) => clients.get(client)?.size ?? 0, makeRoom })
      return {
        /** Counts one that has just been opened. */
        add(connection: Connection): void {
          const client = clientOf(connection.socket.remoteAddress)
          const own = clients.get(client) ?? new Set()
          clients.set(client, own.add(connection))
          open += 1
          connection.socket.once('close', () => remove(client, connection))
          if (perClient > 0 && ofAll(client) > perClient) fullest(client).makeRoom(client, perClient)
          else if (open > connections) makeRoom(largest(clients), connections)
        },
        open: () => open,
      }
    },
  }
}

function largest(clients: ReadonlyMap<string, ReadonlySet<unknown>>): string {
  let [most, size] = ['', 0]
  for (const [client, own] of clients) if (own.size > size) [most, size] = [client, own.size]
  return most
}
