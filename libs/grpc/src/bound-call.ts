import { constants, type ServerHttp2Stream } from 'node:http2'
import type { ServerInterceptingCallInterface } from '@grpc/grpc-js'

export interface CallLimits {
  /** How long a message may take to arrive, from the start of its call. */
  arrivalMs: number
  /** How long a client may take to end its side, and to read its answer, once the call has its status. */
  leaveMs: number
  /** How long a call of health or reflection may go on. */
  streamMs: number
  /** Calls at a time, of all clients; those of health and reflection count as well. */
  calls: number
}

export const callLimits: CallLimits = {
  arrivalMs: 10_000,
  leaveMs: 10_000,
  streamMs: 30 * 60_000,
  calls: 4_096,
}

/** The time limits of one call: of each step, and none left when its stream has closed. */
export function callTimer(call: ServerInterceptingCallInterface, closed: () => void) {
  // The library hands the stream to nobody, and never closes one whose client does not.
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
