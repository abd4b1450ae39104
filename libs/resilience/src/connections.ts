import http from 'node:http'
import https from 'node:https'

export interface Agents {
  httpAgent: http.Agent
  httpsAgent: https.Agent
}

interface Connections {
  /** Keep sockets open between requests, up to `idleMs`. */
  pooled: Agents
  /** Open a socket for each request: it cannot have died while idle. */
  fresh: Agents
  /** Ends all sockets, those in use too. */
  destroy(): void
}

/**
 * The sockets to one service.
 * @param idleMs how long a socket may wait for the next request; 0 for a socket each. Has to be less than the server's
 * keepAliveTimeout, else the server closes a socket just as a request goes into it.
 */
export function createConnections({ idleMs, maxIdle }: { idleMs: number; maxIdle: number }): Connections {
  const pooled =
    idleMs === 0
      ? createAgents({ keepAlive: false })
      : createAgents({ keepAlive: true, timeout: idleMs, maxFreeSockets: maxIdle })
  const fresh = createAgents({ keepAlive: false })
  return {
    pooled,
    fresh,
    destroy() {
      for (const agents of [pooled, fresh]) {
        agents.httpAgent.destroy()
        agents.httpsAgent.destroy()
      }
    },
  }
}

function createAgents(options: http.AgentOptions): Agents {
  return { httpAgent: new http.Agent(options), httpsAgent: new https.Agent(options) }
}
