import http from 'node:http'
import https from 'node:https'
import { createSecureContext, type SecureContextOptions } from 'node:tls'

export interface Agents {
  httpAgent: http.Agent
  httpsAgent: https.Agent
}

/** What a client shows to servers, and checks them against. */
export interface ClientCertificates {
  /** As they are now. */
  current(): SecureContextOptions
  /** Calls this after each renewal. */
  onRenewal(listener: () => void): void
}

interface Connections {
  /** Keep sockets open between requests, up to `idleMs`. */
  pooled(): Agents
  /** Open a socket for each request: it cannot have died while idle. */
  fresh(): Agents
  /** Ends all sockets, those in use too. */
  destroy(): void
}

interface Options {
  idleMs: number
  maxIdle: number
  /** Without them, servers of https are checked against the authorities that Node knows. */
  certificates?: ClientCertificates | undefined
}

/**
 * The sockets to one service.
 * @param idleMs how long a socket may wait for the next request; 0 for a socket each. Has to be less than the server's
 * keepAliveTimeout, else the server closes a socket just as a request goes into it.
 */
export function createConnections({ idleMs, maxIdle, certificates }: Options): Connections {
  const poolOptions: http.AgentOptions =
    idleMs === 0 ? { keepAlive: false } : { keepAlive: true, timeout: idleMs, maxFreeSockets: maxIdle }
  const created = new Set<Agents>()
  const create = () => {
    const agents = {
      pooled: createAgents(poolOptions, certificates),
      fresh: createAgents({ keepAlive: false }, certificates),
    }
    created.add(agents.pooled).add(agents.fresh)
    return agents
  }
  const end = (agents: Agents) => {
    created.delete(agents)
    agents.httpAgent.destroy()
    agents.httpsAgent.destroy()
  }

  let agents = create()
  certificates?.onRenewal(() => {
    const former = agents
    agents = create()
    // Requests under way end on their sockets, and those that are idle end by themselves.
    setTimeout(() => [former.pooled, former.fresh].forEach(end), formerMs).unref()
  })
  return {
    pooled: () => agents.pooled,
    fresh: () => agents.fresh,
    destroy: () => [...created].forEach(end),
  }
}

// Above the time that any call may take.
const formerMs = 120_000

function createAgents(options: http.AgentOptions, certificates?: ClientCertificates): Agents {
  // A context that is there: the agent would make one for each socket, and compare the texts for each request.
  const secureContext = certificates && createSecureContext(certificates.current())
  return {
    httpAgent: new http.Agent(options),
    httpsAgent: new https.Agent({ ...options, ...(secureContext && { secureContext }) }),
  }
}
