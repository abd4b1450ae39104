import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/**
 * Sends a body as it is made, no faster than the client reads it; the server disconnects clients that read nothing. The body
 * is destroyed at the end, however it ends.
 *
 * @param begin sets the status and the headers
 * @throws what the body fails with. Before its first piece nothing was sent, and the error can be answered.
 */
export async function sendStream(
  res: ServerResponse,
  body: Readable,
  headOnly: boolean,
  begin: () => void,
): Promise<void> {
  if (headOnly) {
    body.destroy()
    begin()
    return void res.end()
  }
  // A pipeline alone has half a dozen, and more than ten are warned of.
  res.setMaxListeners(30)
  const gone = signalOf(res)
  try {
    await once(body, 'readable', { signal: gone })
    begin()
    await pipeline(body, res)
  } catch (error) {
    body.destroy()
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ABORT_ERR' && code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error
  }
}

/** Aborts when the client has gone away before the end of its answer. */
export function signalOf(res: ServerResponse): AbortSignal {
  const controller = new AbortController()
  if (res.destroyed) controller.abort()
  else res.once('close', () => res.writableFinished || controller.abort())
  return controller.signal
}

export type LiveStreams = ReturnType<typeof createLiveStreams>

/** The streams that go on until their clients leave. */
export function createLiveStreams() {
  const open = new Set<Readable>()
  let ended = false
  return {
    add(stream: Readable): void {
      if (ended) return void stream.push(null)
      open.add(stream)
      stream.once('close', () => open.delete(stream))
    },
    /** Ends all that are open, and those that are added later. */
    end(): void {
      ended = true
      for (const stream of open) stream.push(null)
    },
  }
}
