import http from 'node:http'
import type https from 'node:https'
import type { Socket } from 'node:net'
import { setImmediate, setTimeout as delay } from 'node:timers/promises'
import type { Express } from 'express'
import { serveTls, tlsOptions, type ServerTls } from '../tls/serve-tls'
import { collectAfterCrowds } from './collect-garbage'
import { endAfter, goOnAfter, isBusy, type Connection } from './connection'
import { createConnectionBudget, type ConnectionBudget } from './connections'
import { fastPrototypes } from './fast-prototypes'
import { createFaults } from './faults'
import { followConnections } from './open-connections'
import { createRequests } from './requests'
import { cutStalled, type StallLimits } from './unread'
import type { Refused } from './unreadable'

export interface Server {
  /** How many connections are open. */
  connections(): number
  /** Listens; resolves to the port (port 0 takes a free one). Rejects when the port is taken. */
  listen(port: number, host?: string): Promise<number>
  /**
   * Goes on for so long, and ends each connection after its next answer, so that clients open another one, elsewhere.
   * Resolves when what had arrived until then is read: to be followed by `close` at once. One that says nothing meanwhile stays
   * open: a request that is sent just as it is closed would have no answer.
   */
  drain(forMs: number): Promise<void>
  /**
   * Takes no new connection, finishes the requests under way, and cuts what is left at the deadline, and before it the
   * connections whose clients take and send nothing.
   */
  close(deadlineMs: number): Promise<void>
}

const defaultLimits: http.ServerOptions & StallLimits & { connections: number } = {
  // How long a request may take to arrive, unless its body is an upload.
  headersTimeout: 15_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
  connections: 10_000,
  unreadMs: 30_000,
  leastBytesPerSecond: 1_024,
  unreadBytes: 32 * 1024 * 1024,
}

const lookEveryMs = 1_000
// Turns of the event loop at the end of a drain. A limit, since clients may go on connecting.
const mostTurns = 1_000
// A service that stops does not wait for clients that neither read nor send anything.
const closingLimits = { unreadMs: 1_000, unsentMs: 2_000 }

/**
 * Why a connection was cut: its client read nothing of its answers, or next to nothing, or sent nothing; there were too
 * many; or its TLS handshake failed.
 */
type CutReason = 'stalled' | 'crowded' | 'handshake'

interface Options {
  /** How it speaks HTTPS; HTTP without. */
  tls?: ServerTls | undefined
  /** The path in front of ours, as clients know it. */
  basePath?: string
  /** What bounds the connections of a client, on all listeners of a service together; no bound without. */
  budget?: ConnectionBudget
  /** Called with each request that was refused before the app saw it. */
  onRefused?: (refused: Refused) => void
  /** Called for each connection that was cut. */
  onCut?: (reason: CutReason) => void
  /** Called for each TLS handshake that failed. */
  onHandshakeFailed?: (error: Error, address: string | undefined) => void
}

/** An HTTP server for an Express app, with bounds on what one client can make it hold (docs/decisions/0040). */
export function createServer(
  app: Express,
  {
    basePath = '',
    tls,
    budget = createConnectionBudget(0),
    onRefused = () => {},
    onCut = () => {},
    onHandshakeFailed = () => {},
  }: Options = {},
  limits: Partial<typeof defaultLimits> = {},
): Server {
  const { connections, unreadMs, unreadBytes, leastBytesPerSecond, ...arrival } = {
    ...defaultLimits,
    ...limits,
  }
  let leaving = false
  let opened = 0
  let uses = 0
  const nextUse = () => ++uses

  const cut = (reason: CutReason) => (connection: Connection) => {
    onCut(reason)
    // With a reset, so that the kernel drops what it holds for the client as well.
    connection.transport.resetAndDestroy()
  }
  const faults = createFaults(basePath, onRefused)
  const requests = createRequests({
    nextUse,
    crowded: cut('crowded'),
    onEnded: faults.refuseInTurn,
    serve(connection, req, res) {
      if (hasToLeave(connection)) endAfter(connection, res)
      app(req, res)
    },
  })
  // A client that connected when other authorities were trusted has to connect again, with a certificate of these.
  const hasToLeave = ({ trust }: Connection) => leaving || trust !== tls?.certificates.trust()

  const serve = (req: http.IncomingMessage, res: http.ServerResponse) => {
    const connection = open.of(req.socket)
    // The parser goes on to the end of what it has read, also when the connection was cut meanwhile.
    if (!connection || req.socket.destroyed) return
    if (hasToLeave(connection)) goOnAfter(connection)
    requests.enter(connection, req, res)
  }
  const settings = { ...fastPrototypes(app), ...arrival, ...fixedSettings }
  const server = tls ? createHttps(settings, tls, serve) : http.createServer(settings, serve)
  if (tls)
    serveTls(server as https.Server, tls, {
      onPlain: faults.refusePlain,
      onFailed(error, address) {
        onCut('handshake')
        onHandshakeFailed(error, address)
      },
    })
  server.on('checkExpectation', serve)
  server.on('clientError', (error, socket) => faults.note(error, open.of(socket as Socket)))
  server.on('connect', (_req, socket: Socket) => faults.refuseConnect(socket, open.of(socket)))

  const bound = budget.bound<Connection>({ connections, useOf, cut: cut('crowded') })
  const open = followConnections(server, {
    tls,
    nextUse,
    onOpened(connection) {
      opened += 1
      bound.add(connection)
    },
    onEstablished: (connection) => requests.takeOver(connection),
    onClosed: (connection) => requests.forget(connection),
  })
  const cutUnread = (other: Partial<StallLimits> = {}) =>
    cutStalled(open.all(), { unreadMs, unreadBytes, leastBytesPerSecond, ...other }, cut('stalled'))
  const afterCrowds = collectAfterCrowds()
  let looking: NodeJS.Timeout | undefined

  /** Accepts the connections that wait in the kernel, and reads what came with them: their clients believe that both are taken. */
  async function catchUp(): Promise<void> {
    // The event loop accepts one a turn.
    for (let [turn, before] = [0, -1]; turn < mostTurns && before !== opened; turn += 1) {
      before = opened
      await setImmediate()
    }
    await setImmediate()
  }

  function leave(): void {
    leaving = true
    for (const connection of open.all()) endAfter(connection, connection.latest)
  }

  return {
    connections: bound.open,

    async listen(port, host) {
      const boundPort = await listenAt(server, port, host)
      const lookAround = () => {
        cutUnread()
        afterCrowds(open.count())
      }
      looking = setInterval(lookAround, Math.min(lookEveryMs, unreadMs / 4)).unref()
      return boundPort
    },

    async drain(forMs) {
      leave()
      await delay(forMs)
      await catchUp()
    },

    async close(deadlineMs) {
      leave()
      clearInterval(looking)
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      open.endHandshakes()
      const deadline = performance.now() + deadlineMs
      for (let turn = 0; requests.underWay() > 0 && performance.now() < deadline; turn += 1) {
        if (turn % 10 === 0) cutUnread(closingLimits)
        await delay(10)
      }
      server.closeAllConnections()
      await closed
    },
  }
}

const fixedSettings: http.ServerOptions = {
  // Longer than our clients and most load balancers keep a connection: one that they reuse must not be closing.
  keepAliveTimeout: 65_000,
  maxHeaderSize: 16_384,
  // Node would refuse it without a body and a log line: the app does that.
  requireHostHeader: false,
}

function createHttps(
  settings: http.ServerOptions,
  tls: ServerTls,
  serve: http.RequestListener,
): https.Server {
  // Loaded where there is TLS.
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import at the top is never late
  const { createServer } = require('node:https') as typeof https
  return createServer({ ...settings, ...tlsOptions(tls) }, serve)
}

/** @returns the port */
const listenAt = (server: http.Server | https.Server, port: number, host: string | undefined) =>
  new Promise<number>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host, backlog: 4_096 }, () => {
      server.removeListener('error', reject)
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : port)
    })
  })

/** How useful a connection is, as a number: least before its handshake has ended, and most while a request is under way. */
function useOf(connection: Connection): number {
  if (!connection.established) return connection.lastUse - Number.MAX_SAFE_INTEGER / 2
  return connection.lastUse + (isBusy(connection) ? Number.MAX_SAFE_INTEGER / 2 : 0)
}
