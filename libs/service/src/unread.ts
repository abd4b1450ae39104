import { awaitsBody, type Connection } from './connection'

export interface Patience {
  /** How long a client may take nothing of what waits for it. */
  unreadMs: number
  /** How long it may send nothing of a body that is waited for; Node's own bound is on the whole of it. */
  unsentMs?: number
  /** What may wait for all clients together, in bytes. */
  unreadBytes: number
}

// What a request under way takes, about, besides the bytes of its answer.
const bytesPerAnswer = 8_192

/**
 * Cuts connections whose clients take nothing, and, if too much waits for all of them, those who have taken nothing
 * for longest. Looks at what they have taken since it looked last.
 */
export function cutStalled(
  connections: Iterable<Connection>,
  { unreadMs, unsentMs = Infinity, unreadBytes }: Patience,
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
    if (socket.bytesRead !== progress.sent) Object.assign(progress, { sent: socket.bytesRead, sentAt: now })

    if (now - progress.takenAt >= unreadMs || (isUnsent(connection) && now - progress.sentAt >= unsentMs)) {
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
