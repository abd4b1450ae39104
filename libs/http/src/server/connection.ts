import type http from 'node:http'
import type { Socket } from 'node:net'
import type { Request } from 'express'

/** What is under way on a connection. */
export interface Connection {
  /** Requests come from it, and answers go into it. */
  socket: Socket
  /** What is below TLS; the socket itself without. */
  transport: Socket
  /** Its TLS handshake has ended; it is under way until then. */
  established: boolean
  /** The authorities that were trusted when it was opened. */
  trust: string | undefined
  /** The answer to the latest request. */
  latest: http.ServerResponse | undefined
  /**
   * Answers that have not ended, in order: a client need not wait for one before it sends the next request. Not a Set:
   * V8 copies one that entries come to and go from all the time, and the copies that it leaves behind keep answers
   * alive until the next full collection.
   */
  answers: http.ServerResponse[]
  /** Each begins a request that was read, and waits because too many are under way. */
  waiting: (() => void)[]
  /** Because of them nothing is read. */
  paused: boolean
  /** It is in the queue of connections that go on. */
  goesOn: boolean
  /** Gives bytes to Node's parser. */
  parse: (bytes: Buffer) => void
  /** The parser is at work on some. */
  parsing: boolean
  /** Bytes that arrived and are not parsed yet. */
  unparsed: Buffer | undefined
  /** The answer after whose request the head began that is being read; null before the first. */
  headAfter: http.ServerResponse | null | undefined
  /** That head asks for no body: it begins with HEAD. */
  asksHead: boolean
  /** Why the next request, or the body of the latest, cannot be read. */
  fault: Error | undefined
  /** When it was last used: a count of the answers of all connections. */
  lastUse: number
  /**
   * How many bytes its client has read and sent, and when that last changed (`performance.now()`); and how many it had read
   * when its rate was last looked at, and when that was.
   */
  progress: Record<'taken' | 'takenAt' | 'sent' | 'sentAt' | 'ratedTaken' | 'ratedAt', number>
}

export function newConnection(socket: Socket, lastUse: number): Connection {
  const now = performance.now()
  return {
    socket,
    transport: socket,
    established: true,
    trust: undefined,
    latest: undefined,
    answers: [],
    waiting: [],
    paused: false,
    goesOn: false,
    parse: () => {},
    parsing: false,
    unparsed: undefined,
    headAfter: null,
    asksHead: false,
    fault: undefined,
    lastUse,
    progress: { taken: 0, takenAt: now, sent: 0, sentAt: now, ratedTaken: 0, ratedAt: now },
  }
}

/** Whether the client waits for the service: all of a request has arrived, and all that was answered is read. */
export const isBusy = ({ socket, answers, latest }: Connection) =>
  answers.length > 0 && socket.writableLength === 0 && !awaitsBody(latest)

/** Whether the service waits for the client: the body of its request has not arrived. */
export const awaitsBody = (latest: http.ServerResponse | undefined) =>
  latest !== undefined && !latest.req.complete && !isUnhurried(latest)

/**
 * Ends the connection after an answer, and asks the client to open another one; unless it has begun already, or others follow:
 * Node would drop their requests.
 */
export function endAfter({ latest }: Connection, answer: http.ServerResponse | undefined): void {
  if (answer && answer === latest && !answer.headersSent) answer.setHeader('Connection', 'close')
}

/** One more request was read: its answer is the last now. */
export function goOnAfter({ latest }: Connection): void {
  if (latest && !latest.headersSent) latest.removeHeader('Connection')
}

/** Whether its body has no time limit. */
export const isUnhurried = ({ req }: http.ServerResponse) =>
  (req as Partial<Request>).context?.unhurried === true

/**
 * Ends the answers of a connection that has closed. Node ends only the one whose turn it was: those that wait behind it
 * would be neither counted nor logged, and their streams would stay open.
 */
export function endAnswers({ answers }: Connection): void {
  for (const answer of [...answers]) {
    const state = answer as http.ServerResponse & { _closed?: boolean }
    if (answer.socket || state._closed) continue
    answer.destroyed = true
    state._closed = true
    answer.emit('close')
  }
}
