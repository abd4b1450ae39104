import type { Socket } from 'node:net'
import type { Connection } from './connection'

// Requests under way on one connection. More than one, as those that are sent together can share a commit.
const mostAtOnce = 8
// Bytes that wait to be taken, with which no further request is begun.
const mostUnread = 65_536
// Requests that were read and wait behind others of their connection, of all clients: some 4 KB each.
const mostWaiting = 8_192
// Connections that go on in one turn of the event loop, between which what arrives elsewhere is served.
const mostInTurn = 4

export type Pipelines = ReturnType<typeof createPipelines>

/**
 * Lets requests wait that are sent before the answers to those before them. Node parses all that it has read, up to
 * 64 KB, and cannot be stopped in between; meanwhile nothing more is read: what else the client sends stays in the
 * kernel's buffers, and then with the client.
 */
export function createPipelines() {
  let waitingInAll = 0
  let ready: Connection[] = []

  function takeTurn(): void {
    const turn = ready.slice(0, mostInTurn)
    ready = ready.slice(mostInTurn)
    if (ready.length > 0) setImmediate(takeTurn)
    for (const connection of turn) {
      connection.ready = false
      if (!connection.paused || connection.socket.destroyed) continue
      begin(connection)
      // The body of the last may be still to come.
      if (connection.waiting.length === 0) readOn(connection)
    }
  }

  function begin({ socket, answers, waiting }: Connection): void {
    const free = () =>
      answers.length === 0 || (answers.length < mostAtOnce && socket.writableLength < mostUnread)
    while (waiting.length > 0 && free()) {
      waitingInAll -= 1
      waiting.shift()!()
    }
  }

  const pipelines = {
    /** @returns false if too many wait already */
    letWait(connection: Connection, begin: () => void): boolean {
      if (waitingInAll >= mostWaiting) return false
      waitingInAll += 1
      connection.waiting.push(begin)
      connection.paused = true
      connection.socket.pause()
      pipelines.goOn(connection)
      return true
    },
    /** Begins what waits, as far as it may, in the turn of the connection; reads on if nothing does. */
    goOn(connection: Connection): void {
      if (connection.waiting.length === 0) return readOn(connection)
      if (connection.ready) return
      connection.ready = true
      if (ready.push(connection) === 1) setImmediate(takeTurn)
    },
    /** Forgets what waits on a connection that has closed. */
    forget(connection: Connection): void {
      waitingInAll -= connection.waiting.length
      connection.waiting = []
    },
  }
  return pipelines
}

function readOn(connection: Connection): void {
  const { socket, answers } = connection
  if (answers.length >= mostAtOnce || socket.destroyed) return
  connection.paused = false
  // Node has a reason of its own for which it may have stopped reading.
  if (!(socket as Socket & { _paused?: boolean })._paused) socket.resume()
}
