import type http from 'node:http'
import type { Socket } from 'node:net'
import type { Request } from 'express'

/** What is under way on a connection. */
export interface Connection {
  socket: Socket
  /** The answer to the latest request. */
  latest: http.ServerResponse | undefined
  /**
   * Answers that have not ended, in order: a client need not wait for one before it sends the next request. Not a Set:
   * V8 copies one that entries come to and go from all the time, and the copies that it leaves behind keep answers
   * alive until the next full collection.
   */
  answers: http.ServerResponse[]
  /** Begin the requests that were read and wait for their turn, as too many are under way. */
  waiting: (() => void)[]
  /** Nothing is read, because of them. */
  paused: boolean
  /** Its turn to begin some of them comes. */
  goesOn: boolean
  /** Gives bytes to Node's parser. */
  parse: (bytes: Buffer) => void
  /** Some are being given to it. */
  parsing: boolean
  /** What has arrived after them. */
  unparsed: Buffer | undefined
  /** Why what came after those requests, or the body of the latest, cannot be read. */
  fault: Error | undefined
  /** Grows with each answer that a client takes on any connection. */
  lastUse: number
  /** Bytes that its client had taken and sent, and since when there are no more. */
  progress: { taken: number; takenAt: number; sent: number; sentAt: number }
}

export function newConnection(socket: Socket, lastUse: number): Connection {
  const now = performance.now()
  return {
    socket,
    latest: undefined,
    answers: [],
    waiting: [],
    paused: false,
    goesOn: false,
    parse: () => {},
    parsing: false,
    unparsed: undefined,
    fault: undefined,
    lastUse,
    progress: { taken: 0, takenAt: now, sent: 0, sentAt: now },
  }
}

/** Whether the service has to send what it waits for: all of a request has arrived, and all of the answer is taken. */
export const isBusy = ({ socket, answers, latest }: Connection) =>
  answers.length > 0 && socket.writableLength === 0 && !awaitsBody(latest)

/** Whether it is the client who has to go on: the body of its request has not arrived. */
export const awaitsBody = (latest: http.ServerResponse | undefined) =>
  latest !== undefined && !latest.req.complete && !isUnhurried(latest)

/** Whether its body may take as long as it takes. */
export const isUnhurried = ({ req }: http.ServerResponse) =>
  (req as Partial<Request>).context?.unhurried === true

/**
 * Ends the answers of a connection that has closed. Node ends only the one whose turn it was: those that wait behind
 * it would be neither counted nor logged, nor what they send be closed.
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
