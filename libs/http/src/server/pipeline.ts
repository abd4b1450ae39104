import type { Connection } from './connection'
import { isPausedByNode, type Reading } from './reading'

// Requests under way on one connection. More than one, since requests that are sent together can share a commit.
const mostAtOnce = 8
// Requests under way, of all clients, that are not the first of their connection.
const mostBehind = 64
// With so many unread bytes on a connection no further request of it is begun.
const mostUnread = 65_536
// Requests that were read and wait behind others of their connection, of all clients: some 4 KB each.
const mostWaiting = 8_192
// What begins in one turn of the event loop, so that other connections are read in between: requests on connections with
// none under way, and connections that go on.
const mostFresh = 16
const mostGoingOn = 2
// Once requests wait for longer, the newest and the oldest begin in turn: many clients of the oldest have disconnected.
const lateMs = 100

/**
 * Lets requests wait that are sent before earlier ones are answered, or that arrive together with many others. The rest of
 * what their client sends is not read before their turn: it stays in the kernel's buffers, and then with the client.
 *
 * @param behind how many requests are under way that are not the first of their connection
 */
export function createPipelines(reading: Reading, behind: () => number) {
  let waitingInAll = 0
  let goingOn: Connection[] = []
  const fresh: { connection: Connection; since: number }[] = []
  let begunInTurn = 0
  let scheduled = false

  function schedule(): void {
    if (scheduled) return
    scheduled = true
    setImmediate(takeTurn)
  }

  function takeTurn(): void {
    scheduled = false
    begunInTurn = 0
    while (fresh.length > 0 && begunInTurn < mostFresh) {
      begunInTurn += 1
      const late = performance.now() - fresh[0]!.since > lateMs
      goOn((late && begunInTurn % 2 === 1 ? fresh.pop() : fresh.shift())!.connection)
    }
    const turn = goingOn.slice(0, mostGoingOn)
    goingOn = goingOn.slice(mostGoingOn)
    for (const connection of turn) {
      connection.goesOn = false
      goOn(connection)
    }
    if (fresh.length + goingOn.length > 0) schedule()
  }

  function goOn(connection: Connection): void {
    const { socket, answers, waiting } = connection
    const free = () =>
      answers.length === 0 ||
      (answers.length < mostAtOnce && behind() < mostBehind && socket.writableLength < mostUnread)
    while (waiting.length > 0 && !socket.destroyed && free()) {
      waitingInAll -= 1
      waiting.shift()!()
    }
    // The body of the last may be still to come.
    if (waiting.length === 0) readOn(connection)
  }

  function readOn(connection: Connection): void {
    const { socket, answers } = connection
    if (!connection.paused || answers.length >= mostAtOnce || socket.destroyed) return
    connection.paused = false
    reading.parse(connection)
    if (!connection.paused && !isPausedByNode(socket)) socket.resume()
  }

  function queue(connection: Connection): void {
    if (connection.goesOn) return
    connection.goesOn = true
    goingOn.push(connection)
    schedule()
  }

  const pipelines = {
    /** How many requests wait on connections that have none under way. */
    fresh: () => fresh.length,
    /** How many were read and have not begun. */
    waiting: () => waitingInAll,
    /**
     * Begins a request, now or in its turn.
     *
     * @returns false if too many wait already
     */
    enter(connection: Connection, begin: () => void): boolean {
      const isFresh = connection.answers.length + connection.waiting.length === 0
      if (isFresh && begunInTurn < mostFresh) {
        begunInTurn += 1
        schedule()
        begin()
        return true
      }
      if (!isFresh && waitingInAll >= mostWaiting) return false
      waitingInAll += 1
      connection.waiting.push(begin)
      connection.paused = true
      // Most clients send no more before they are answered: then the two system calls of a pause are saved. It follows
      // as soon as more arrives.
      if (connection.unparsed) connection.socket.pause()
      if (isFresh) {
        fresh.push({ connection, since: performance.now() })
        schedule()
      } else {
        pipelines.goOn(connection)
      }
      return true
    },
    /** Begins what waits, as far as it may, in the turn of the connection; reads on if nothing does. */
    goOn(connection: Connection): void {
      if (connection.waiting.length === 0) return readOn(connection)
      queue(connection)
    },
    /** Stops reading, and reads on in the turn of the connection. */
    postpone(connection: Connection): void {
      connection.paused = true
      connection.socket.pause()
      queue(connection)
    },
    /** Forgets what waits on a connection that has closed. */
    forget(connection: Connection): void {
      if (connection.waiting.length === 0) return
      waitingInAll -= connection.waiting.length
      connection.waiting = []
      const index = fresh.findIndex((each) => each.connection === connection)
      if (index >= 0) fresh.splice(index, 1)
    },
  }
  return pipelines
}
