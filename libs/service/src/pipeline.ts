import type { Socket } from 'node:net'
import type { Connection } from './connection'

// Requests under way on one connection. More than one, as those that are sent together can share a commit.
const mostAtOnce = 8
// Bytes that wait to be taken, with which no further request is begun.
const mostUnread = 65_536

/** Whether another request of the connection may begin. */
export const mayBegin = ({ socket, answers, waiting }: Connection): boolean =>
  answers.length === 0 ||
  (waiting.length === 0 && answers.length < mostAtOnce && socket.writableLength < mostUnread)

/**
 * Lets a request wait for its turn, and reads no more. Node parses all that it has read, up to 64 KB, and cannot be
 * stopped in between; what else the client sends stays in the kernel's buffers, and then with the client.
 */
export function letWait(connection: Connection, begin: () => void): void {
  connection.waiting.push(begin)
  connection.paused = true
  connection.socket.pause()
}

/**
 * Begins what waits, as far as it may, and then reads on.
 *
 * @returns how many no longer wait
 */
export function goOn(connection: Connection): number {
  const { socket, answers, waiting } = connection
  let begun = 0
  while (
    waiting.length > 0 &&
    (answers.length === 0 || (answers.length < mostAtOnce && socket.writableLength < mostUnread))
  ) {
    begun += 1
    waiting.shift()!()
  }
  if (waiting.length === 0 && answers.length <= mostAtOnce / 2) {
    connection.paused = false
    // Node has a reason of its own for which it may have stopped reading.
    if (!(socket as Socket & { _paused?: boolean })._paused) socket.resume()
  }
  return begun
}
