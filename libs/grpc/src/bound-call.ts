import { constants, type ServerHttp2Stream } from 'node:http2'
import type { ServerInterceptingCallInterface } from '@grpc/grpc-js'

/** The limits of a gRPC server's calls. */
export interface CallLimits {
  /** How long a message may take to arrive, from the start of its call. */
  arrivalMs: number
  /** How long a client may take to end its side, and to read its answer, once the call has its status. */
  leaveMs: number
  /** How long a call of health or reflection may go on. */
  streamMs: number
  /** Calls at a time whose message has arrived, of all clients; one of them may have half. */
  calls: number
  /** Calls at a time whose message has not arrived; one more ends the oldest. */
  silent: number
  /** Calls of health and reflection at a time; one more ends the oldest. */
  operations: number
}

export const callLimits: CallLimits = {
  arrivalMs: 10_000,
  leaveMs: 10_000,
  streamMs: 30 * 60_000,
  calls: 4_096,
  silent: 1_024,
  operations: 1_024,
}

/**
 * A bounded set of open calls: one more evicts the oldest. If the new one were refused instead, a client that holds them
 * all could keep all others out.
 */
export function createEvictingSet(most: number) {
  const members = new Set<{ evict: () => void }>()

  function shrink(): void {
    for (const member of members) {
      if (members.size <= most) return
      members.delete(member)
      member.evict()
    }
  }

  return {
    /**
     * Adds a call.
     *
     * @param evict ends the call
     * @returns removes the call from the set, after which it is not evicted
     */
    add(evict: () => void): () => void {
      const member = { evict }
      members.add(member)
      // Later: the library may be handling another call of the same connection now.
      if (members.size > most) setImmediate(shrink)
      return () => void members.delete(member)
    },
  }
}

/**
 * The time limit of a call's current step; none once its stream has closed.
 *
 * @param closed called when the stream has closed
 */
export function callTimer(call: ServerInterceptingCallInterface, closed: () => void) {
  // The library does not expose the stream, and never closes one whose client does not.
  const { stream } = call as unknown as { stream: ServerHttp2Stream }
  let timer: NodeJS.Timeout | undefined
  const stop = () => clearTimeout(timer)
  const after = (ms: number, late: () => void) => {
    stop()
    if (!stream.closed) timer = setTimeout(late, ms).unref()
  }
  stream.once('close', () => {
    stop()
    closed()
  })
  return {
    after,
    stop,
    /** Closes the stream, however much of it is unread. */
    closeAfter: (ms: number) => after(ms, () => stream.close(constants.NGHTTP2_CANCEL)),
  }
}
