import type { Socket } from 'node:net'
import type { Connection } from './connection'

// How much is parsed at a time, before checking whether to go on: the heads of a few requests, or a part of a body.
const headBytes = 512
const bodyBytes = 1_024
// Time for bodies in one turn of the event loop, beyond which they go on in the next ones: in chunks of one byte a body
// takes a thousand times as long as in one piece.
const bodyMsInTurn = 2
// What has arrived and waits to be parsed, of all clients.
const mostUnparsed = 16 * 1024 * 1024

export type Reading = ReturnType<typeof createReading>

/**
 * Gives the bytes of connections to Node's parser in pieces. Node would parse all that it has read at once, up to 64 KB: a
 * thousand requests, which nothing can stop. Here they wait as bytes until the connection reads on.
 *
 * @param crowded called with a connection that sends more while too many bytes wait already
 * @param postpone called with a connection whose body goes on in a later turn of the event loop
 */
export function createReading(
  crowded: (connection: Connection) => void,
  postpone: (connection: Connection) => void,
) {
  let unparsedInAll = 0
  let bodyMs = 0

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
        if (connection.paused) socket.pause()
        if (unparsedInAll > mostUnparsed) crowded(connection)
        else reading.parse(connection, bodyMs < bodyMsInTurn)
      })
      for (const listener of pausing) socket.on('pause', listener as () => void)
      for (const listener of resuming) socket.on('resume', listener as () => void)
    },

    /**
     * Parses what has arrived, as far as it may be now.
     *
     * @param hasTurn whether a piece of a body may be parsed, however long others have taken in this turn
     */
    parse(connection: Connection, hasTurn = true): void {
      if (connection.parsing) return
      connection.parsing = true
      while (connection.unparsed && mayParse(connection)) {
        if (!isInBody(connection)) {
          noteMethod(connection, connection.unparsed)
          parsePiece(connection, connection.unparsed, headBytes)
        } else if (hasTurn || bodyMs < bodyMsInTurn) {
          hasTurn = false
          const startedAt = performance.now()
          parsePiece(connection, connection.unparsed, bodyBytes)
          countBodyMs(performance.now() - startedAt)
        } else {
          postpone(connection)
        }
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

  function parsePiece(connection: Connection, unparsed: Buffer, size: number): void {
    keep(connection, unparsed.length > size ? unparsed.subarray(size) : undefined)
    connection.parse(unparsed.length > size ? unparsed.subarray(0, size) : unparsed)
  }

  function countBodyMs(ms: number): void {
    if (bodyMs === 0) setImmediate(() => (bodyMs = 0))
    bodyMs += ms
  }

  function keep(connection: Connection, bytes: Buffer | undefined): void {
    unparsedInAll += (bytes?.length ?? 0) - (connection.unparsed?.length ?? 0)
    connection.unparsed = bytes
  }
  return reading
}

/** Whether Node has paused the socket for a reason of its own. */
export const isPausedByNode = (socket: Socket) => (socket as Socket & { _paused?: boolean })._paused === true

const isInBody = ({ latest }: Connection) => latest !== undefined && !latest.req.complete

/** Before a head is parsed: if it cannot be, Node does not say which method it had. */
function noteMethod(connection: Connection, bytes: Buffer): void {
  const { latest, headAfter } = connection
  if (headAfter === latest) return
  connection.headAfter = latest
  connection.asksHead = bytes.toString('latin1', 0, 5) === 'HEAD '
}

const mayParse = ({ socket, paused, fault }: Connection) =>
  !paused && !fault && !socket.destroyed && !isPausedByNode(socket)
