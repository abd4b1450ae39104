import type { Request } from 'express'
import { AppError } from '@ordinal/errors'
import { withTimeout } from '@ordinal/deadline'

/** A body of any length, read as it arrives. */
export interface Upload {
  /** Its media type, without parameters. */
  media: string
  /** The header as it was sent. */
  contentType: string
  /**
   * Its bytes. The sender is made to wait while nobody asks for them.
   *
   * @throws AppError `request_timeout` if none arrive for 30 s, or the connection is cut
   */
  chunks: AsyncIterable<Buffer>
}

const idleLimitMs = 30_000
const lingerMs = 5_000

/**
 * The body of a request, unread.
 *
 * @param media the media types that are taken
 * @throws AppError `unsupported_media_type`
 */
export function takeUpload(req: Request, media: readonly string[]): Upload {
  const [sent = '', ...parameters] = (req.headers['content-type'] ?? '')
    .toLowerCase()
    .split(';')
    .map((part) => part.trim())
  const encoding = req.headers['content-encoding'] ?? 'identity'
  const charset = parameters.find((each) => each.startsWith('charset='))?.replaceAll(/^charset=|"/g, '')
  if (!media.includes(sent)) {
    const detail = `Content-Type is ${sent || 'missing'}; ${media.join(' or ')} is expected`
    throw new AppError('unsupported_media_type', detail)
  }
  if (encoding !== 'identity')
    throw new AppError('unsupported_media_type', `Content-Encoding is ${encoding}; send the body as it is`)
  if (charset !== undefined && charset !== 'utf-8')
    throw new AppError('unsupported_media_type', `The charset is ${charset}; utf-8 is expected`)
  return { media: sent, contentType: req.headers['content-type'] ?? '', chunks: arriving(req) }
}

async function* arriving(req: Request): AsyncGenerator<Buffer> {
  // It takes as long as it takes, as long as something arrives.
  req.context.unhurried = true
  // The answer needs the connection, also when it comes before the end of the body.
  const chunks = req.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>
  try {
    for (;;) {
      const next = await withTimeout(chunks.next(), idleLimitMs).catch((cause: unknown) => {
        throw new AppError('request_timeout', 'The body did not arrive in full', { cause })
      })
      if (next.done) return
      yield next.value
    }
  } finally {
    // Not awaited, as a piece may never come. As long as it listens, nothing can be thrown away.
    void chunks.return?.()
  }
}

/**
 * Called when an upload is answered. What still arrives is thrown away for a while, as closing at once would cost the
 * sender the answer; then the connection is cut.
 */
export function finishUpload(req: Request): void {
  req.context.unhurried = false
  if (req.complete || req.destroyed) return
  req.resume()
  const timer = setTimeout(() => req.socket.destroy(), lingerMs).unref()
  req.once('close', () => clearTimeout(timer))
}
