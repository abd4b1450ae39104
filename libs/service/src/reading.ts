import type { Socket } from 'node:net'
import type { Connection } from './connection'

// What is parsed before it is looked at whether more may be: the heads of a few requests, or a part of a body.
const headBytes = 512
const bodyBytes = 4_096
// What has arrived and waits to be parsed, of all clients.
const mostUnparsed = 16 * 1024 * 1024

export type Reading = ReturnType<typeof createReading>

/**
 * Gives what arrives on connections to Node's parser in pieces. Node would parse all that it has read at once, up to
 * 64 KB: a thousand requests, which nothing can stop on their way. Here they wait as bytes until the connection reads on.
 *
 * @param crowded called with a connection that sends more while too much waits already
 */
export function createReading(crowded: (connection: Connection) => void) {
  let unparsedInAll = 0

  const reading = {
    /** Takes over the reading of a connection that has just been opened. */
    takeOver(connection: Connection): void {
      const { socket } = connection
      const parse = socket.listeners('data')[0] as (bytes: Buffer) => void
      // Node removes them when somebody else reads; without them a socket that pauses reads on for a while.
      const pausing = socket.listeners('pause')
      const resuming = socket.listeners('resume')
      socket.removeAllListeners('data')
      connection.parse = parse
      socket.on('data', (bytes: Buffer) => {
        keep(connection, connection.unparsed ? Buffer.concat([connection.unparsed, bytes]) : bytes)
        if (unparsedInAll > mostUnparsed) crowded(connection)
        else reading.parse(connection)
      })
      for (const listener of pausing) socket.on('pause', listener as () => void)
      for (const listener of resuming) socket.on('resume', listener as () => void)
    },

    /** Parses what has arrived, as far as it may be now. */
    parse(connection: Connection): void {
      if (connection.parsing) return
      connection.parsing = true
      while (connection.unparsed && mayParse(connection)) {
        const { unparsed, latest } = connection
        const size = latest && !latest.req.complete ? bodyBytes : headBytes
        keep(connection, unparsed.length > size ? unparsed.subarray(size) : undefined)
        connection.parse(unparsed.length > size ? unparsed.subarray(0, size) : unparsed)
      }
      connection.parsing = false
      const { unparsed } = connection
      // A small part would keep all that it was read with.
      if (unparsed && unparsed.buffer.byteLength > 2 * unparsed.length)
        connection.unparsed = Buffer.from(unparsed)
    },

    /** Forgets what waits on a connection that has closed. */
    forget: (connection: Connection) => keep(connection, undefined),
  }

  function keep(connection: Connection, bytes: Buffer | undefined): void {
    unparsedInAll += (bytes?.length ?? 0) - (connection.unparsed?.length ?? 0)
    connection.unparsed = bytes
  }
  return reading
}

/** Node has a reason of its own for which it may have stopped reading. */
export const isPausedByNode = (socket: Socket) => (socket as Socket & { _paused?: boolean })._paused === true

const mayParse = ({ socket, paused, fault }: Connection) =>
  !paused && !fault && !socket.destroyed && !isPausedByNode(socket)
