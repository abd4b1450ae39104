import type { Socket } from 'node:net'
import type { Server, TlsOptions, TLSSocket } from 'node:tls'
import type { WatchedCertificates } from './watch-certificates'

/** How a server speaks TLS. */
export interface ServerTls {
  /** With the authorities of clients, where those need a certificate. */
  certificates: WatchedCertificates
  /** Whether a client without a certificate of those authorities is refused. */
  requireClientCertificate: boolean
}

// For the first byte, and again for the handshake.
const handshakeMs = 10_000
// The first byte of a handshake: https://www.rfc-editor.org/rfc/rfc8446#section-5.1
const handshakeRecord = 0x16
// Handshakes under way, of all clients; each takes some 60 KB.
const mostHandshakes = 2_000

/** What `https.createServer` and `tls.createServer` are given. */
export const tlsOptions = ({ certificates, requireClientCertificate }: ServerTls): TlsOptions => ({
  ...certificates.current(),
  requestCert: requireClientCertificate,
  rejectUnauthorized: requireClientCertificate,
  handshakeTimeout: handshakeMs,
})

interface Events {
  /** Takes a connection that does not begin with a handshake: it is to be answered and closed. */
  onPlain: (transport: Socket) => void
  /** Called for a connection whose handshake failed, or did not end in time. It is closed. */
  onFailed: (error: Error, address: string | undefined) => void
}

/**
 * Completes a server made with `tlsOptions`. A connection costs no more than any other until the first byte of its handshake
 * has come. Renewed certificates are for handshakes from then on; connections that are open stay as they are.
 */
export function serveTls(server: Server, { certificates }: ServerTls, { onPlain, onFailed }: Events): void {
  const [handshake] = server.listeners('connection') as ((transport: Socket) => void)[]
  server.removeAllListeners('connection')
  // In the order in which they began.
  const underWay = new Set<Socket>()
  const begin = (transport: Socket) => {
    if (underWay.size >= mostHandshakes) underWay.values().next().value?.destroy()
    underWay.add(transport)
    transport.once('close', () => underWay.delete(transport))
    handshake!.call(server, transport)
  }
  server.on('secureConnection', (socket: TLSSocket) => underWay.delete(transportOf(socket)))
  server.on('connection', (transport: Socket) => {
    // From here on it has a listener of its own only during a handshake.
    transport.on('error', () => {})
    const late = setTimeout(() => {
      onFailed(new Error('No handshake has begun in time'), transport.remoteAddress)
      transport.destroy()
    }, handshakeMs).unref()
    transport.once('close', () => clearTimeout(late))
    transport.once('readable', () => {
      clearTimeout(late)
      const bytes = transport.read() as Buffer | null
      if (bytes === null) return void transport.destroy()
      if (bytes[0] !== handshakeRecord) return onPlain(transport)
      transport.unshift(bytes)
      begin(transport)
    })
  })
  server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
    onFailed(error, transportOf(socket).remoteAddress)
    socket.destroy()
  })
  certificates.onRenewal(() => server.setSecureContext(certificates.current()))
}

/** The connection below TLS, which alone can be reset. Node gives it no public name. */
export const transportOf = (socket: Socket): Socket =>
  (socket as Socket & { _parent?: Socket | null })._parent ?? socket
