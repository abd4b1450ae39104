import { ConnectionError } from './errors'

// A service that reads what it sends from a long ledger says something more often.
const silenceMs = 60_000

/**
 * The pieces of a file, as they arrive. Leaving the loop ends the connection.
 *
 * @throws ConnectionError if the connection is cut, or nothing comes for a minute: what came so far is not the whole file
 */
export async function* piecesOf(
  body: ReadableStream<Uint8Array>,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = body.getReader()
  const cut = (cause?: unknown) =>
    new ConnectionError('The file was cut off: the connection broke before its end', { attempts: 1, cause })
  try {
    for (;;) {
      const { done, value } = await inTime(() => reader.read(), signal).catch((cause: unknown) => {
        throw signal?.aborted ? signal.reason : cut(cause)
      })
      if (done) return
      yield value
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}

/** What comes, unless it takes too long, or the signal ends it. */
async function inTime<T>(ask: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  let end: (() => void) | undefined
  try {
    return await Promise.race([
      ask(),
      new Promise<never>((_, reject) => {
        end = () => reject(signal?.reason as Error)
        if (signal?.aborted) end()
        signal?.addEventListener('abort', end, { once: true })
        timer = setTimeout(() => reject(new Error(`nothing came for ${silenceMs} ms`)), silenceMs)
      }),
    ])
  } finally {
    clearTimeout(timer)
    if (end) signal?.removeEventListener('abort', end)
  }
}
