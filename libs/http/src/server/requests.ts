import type http from 'node:http'
import { endAnswers, type Connection } from './connection'
import { createPipelines } from './pipeline'
import { createReading } from './reading'

interface Options {
  /** Serves a request whose turn has come. */
  serve: (connection: Connection, req: http.IncomingMessage, res: http.ServerResponse) => void
  /** Called when an answer of the connection has ended. */
  onEnded: (connection: Connection) => void
  /** Called with a connection on which more is sent than may wait. */
  crowded: (connection: Connection) => void
  /** When a connection is used, as a number that grows. */
  nextUse: () => number
}

/** The requests of all connections: read in pieces, begun in their turn, and counted while they are under way. */
export function createRequests({ serve, onEnded, crowded, nextUse }: Options) {
  let underWay = 0
  // Connections with a request under way.
  let inUse = 0
  const reading = createReading(crowded, (connection) => pipelines.postpone(connection))
  const pipelines = createPipelines(reading, () => underWay - inUse)

  function begin(connection: Connection, req: http.IncomingMessage, res: http.ServerResponse): void {
    if (connection.answers.push(res) === 1) inUse += 1
    underWay += 1
    res.on('close', () => ended(connection, res))
    serve(connection, req, res)
  }

  function ended(connection: Connection, res: http.ServerResponse): void {
    connection.answers.splice(connection.answers.indexOf(res), 1)
    if (connection.answers.length === 0) inUse -= 1
    underWay -= 1
    if (res.writableFinished) connection.lastUse = nextUse()
    if (connection.paused) pipelines.goOn(connection)
    onEnded(connection)
  }

  return {
    /** How many were read and are not answered in full. */
    underWay: () => underWay + pipelines.waiting(),

    /** Takes over what arrives on a connection that takes requests from now on. */
    takeOver(connection: Connection): void {
      const { socket } = connection
      reading.takeOver(connection)
      // Node resumes it without knowing that requests wait.
      socket.on('resume', () => (connection.paused ? socket.pause() : reading.parse(connection)))
    },

    /** Begins a request that was read, now or in its turn. */
    enter(connection: Connection, req: http.IncomingMessage, res: http.ServerResponse): void {
      connection.latest = res
      if (!pipelines.enter(connection, () => begin(connection, req, res))) crowded(connection)
    },

    /** Ends what is left of a connection that has closed. */
    forget(connection: Connection): void {
      pipelines.forget(connection)
      reading.forget(connection)
      endAnswers(connection)
    },
  }
}
