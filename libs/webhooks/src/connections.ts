import http from 'node:http'
import https from 'node:https'
import type { LookupFunction } from 'node:net'
import type { Duplex } from 'node:stream'

/** How long connections to receivers are kept, and how many of each. */
export interface Keeping {
  /** Without a request. Servers close after five seconds at the earliest, as a rule. */
  idleMs: number
  /** In all: so long may a delivery go to where the name of a receiver led before. */
  ageMs: number
  /** Of those that have nothing to do, for each receiver. */
  most: number
}

/** The connections of deliveries to receivers, by `http:` and `https:`. Each was checked by the look-up when it was made. */
export function createConnections(lookup: LookupFunction, { idleMs, ageMs, most }: Keeping) {
  const options = { keepAlive: true, timeout: idleMs, maxFreeSockets: most, lookup }
  const agents = {
    'http:': keepYoung(new http.Agent(options), ageMs),
    'https:': keepYoung(new https.Agent(options), ageMs),
  }
  return {
    /** @throws Error for another protocol */
    of(protocol: string): { agent: http.Agent; request: typeof http.request } {
      if (protocol === 'http:') return { agent: agents[protocol], request: http.request }
      if (protocol === 'https:') return { agent: agents[protocol], request: https.request }
      throw new Error(`${protocol} is neither http nor https`)
    },
    /** Closes all. */
    close(): void {
      for (const agent of Object.values(agents)) agent.destroy()
    },
  }
}

/** Node asks `keepSocketAlive` each time that a connection has nothing to do, and closes it after a false. */
function keepYoung<A extends http.Agent>(agent: A, ageMs: number): A {
  const since = new WeakMap<Duplex, number>()
  const keep = agent.keepSocketAlive.bind(agent)
  agent.keepSocketAlive = (socket) => {
    const now = performance.now()
    const first = since.get(socket) ?? now
    since.set(socket, first)
    return now - first < ageMs && keep(socket)
  }
  return agent
}
