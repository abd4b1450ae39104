import type { Server as HttpServer } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import { transportOf, type ServerTls } from '../tls/serve-tls'
import { newConnection, type Connection } from './connection'

interface Options {
  tls: ServerTls | undefined
  /** When a connection is used, as a number that grows. */
  nextUse: () => number
  /** Called with each connection that a client has opened. */
  onOpened: (connection: Connection) => void
  /** Called when it takes requests: at once, or after the handshake of TLS. */
  onEstablished: (connection: Connection) => void
  /** Called when one that took requests has closed. */
  onClosed: (connection: Connection) => void
}

/** The connections of a server that are open: those that take requests, and those whose TLS handshake has not ended. */
export function followConnections(
  server: HttpServer | HttpsServer,
  { tls, nextUse, onOpened, onEstablished, onClosed }: Options,
) {
  const connections = new Map<Socket, Connection>()
  // Those whose TLS handshake is under way, or has not begun.
  const handshakes = new Map<Socket, Connection>()

  server.on('connection', (transport: Socket) => {
    const connection = newConnection(transport, nextUse())
    onOpened(connection)
    if (!tls) return establish(connection)
    Object.assign(connection, { established: false, trust: tls.certificates.trust() })
    handshakes.set(transport, connection)
    transport.once('close', () => handshakes.delete(transport))
  })
  server.on('secureConnection', (socket: Socket) => {
    const transport = transportOf(socket)
    const connection = handshakes.get(transport)
    if (!connection) return void socket.destroy()
    handshakes.delete(transport)
    establish(Object.assign(connection, { socket, established: true }))
  })

  function establish(connection: Connection): void {
    const { socket } = connection
    connections.set(socket, connection)
    onEstablished(connection)
    socket.once('close', () => {
      connections.delete(socket)
      onClosed(connection)
    })
  }

  return {
    of: (socket: Socket) => connections.get(socket),
    all: () => connections.values(),
    count: () => connections.size,
    endHandshakes(): void {
      for (const transport of handshakes.keys()) transport.destroy()
    },
  }
}
