import { awaitsBody, type Connection } from './connection'

/** When a client counts as stalled. */
export interface StallLimits {
  /** How long a client may read nothing of its answers. */
  unreadMs: number
  /** How long it may send nothing of a body; Node's own limit is for the whole body. */
  unsentMs?: number
  /**
   * How many bytes a second a client has to read over each `unreadMs` in which it never has all that was answered: one that
   * reads a byte now and then would keep its connection, its stream or its export for ever.
   */
  leastBytesPerSecond: number
  /** How many bytes may wait to be read, for all clients together. */
  unreadBytes: number
}

// About what a request under way takes, besides the bytes of its answer.
const bytesPerAnswer = 8_192

/**
 * Closes connections whose clients read nothing or next to nothing, and, if too many bytes wait in all, those whose clients
 * have read nothing for longest. Called again and again: it compares with what it saw the last time.
 */
export function cutStalled(
  connections: Iterable<Connection>,
  { unreadMs, unsentMs = Infinity, leastBytesPerSecond, unreadBytes }: StallLimits,
  cut: (connection: Connection) => void,
): void {
  const now = performance.now()
  const unread: [bytes: number, connection: Connection][] = []
  let total = 0
  for (const connection of connections) {
    const { socket, progress } = connection
    const taken = socket.bytesWritten - socket.writableLength
    if (taken !== progress.taken || socket.writableLength === 0)
      Object.assign(progress, { taken, takenAt: now })
    const ratedMs = now - progress.ratedAt
    const isRated = ratedMs >= unreadMs && socket.writableLength > 0
    const isSlow = isRated && (taken - progress.ratedTaken) * 1_000 < leastBytesPerSecond * ratedMs
    if (isRated || socket.writableLength === 0) Object.assign(progress, { ratedTaken: taken, ratedAt: now })
    if (socket.bytesRead !== progress.sent) Object.assign(progress, { sent: socket.bytesRead, sentAt: now })

    const isStill = now - progress.takenAt >= unreadMs
    if (isStill || isSlow || (isUnsent(connection) && now - progress.sentAt >= unsentMs)) {
      cut(connection)
    } else if (socket.writableLength > 0) {
      const bytes = bytesOf(connection)
      total += bytes
      unread.push([bytes, connection])
    }
  }
  if (total <= unreadBytes) return
  unread.sort(([, one], [, other]) => one.progress.takenAt - other.progress.takenAt)
  for (const [bytes, connection] of unread) {
    if (total <= unreadBytes) return
    total -= bytes
    cut(connection)
  }
}

const isUnsent = ({ answers, latest, paused }: Connection) =>
  answers.length === 1 && !paused && awaitsBody(latest)

function bytesOf({ socket, answers, waiting }: Connection): number {
  let bytes = socket.writableLength + waiting.length * bytesPerAnswer
  for (const answer of answers) bytes += bytesPerAnswer + (answer.socket ? 0 : answer.writableLength)
  return bytes
}
