import { isUtf8 } from 'node:buffer'
import express, { type Request, type RequestHandler } from 'express'
import { AppError } from '@ordinal/errors'
import { jsonBoundsFault, jsonBoundsFor, type JsonBounds } from './json-bounds'
import { repeatedField } from './json-fields'

// Longer ones are rare, and cost more elsewhere.
const mostSmallBytes = 16 * 1024
// The sender chose it.
const longestName = 100

/**
 * Reads a JSON body of at most so many bytes. A body of another media type is refused, for a PATCH with those that are taken
 * (RFC 5789, 2.2); none at all is fine. One that is nested deeply, has very many
 * fields, has a field twice or is not UTF-8 is refused before it is parsed.
 *
 * Where the client has closed the connection before, the body parser leaves the body unread, as if the request had none.
 * Such a request is refused: its handler would do, and store under the idempotency key, what the client did not ask for.
 *
 * @param media the media types that are taken
 */
export function parseJsonBody(
  limitBytes: number,
  media: readonly string[] = ['application/json'],
): RequestHandler {
  const bounds = jsonBoundsFor(limitBytes)
  const verify = (_req: unknown, _res: unknown, bytes: Buffer, encoding: string) => {
    const refusal = refusalOf(bytes, encoding, bounds)
    if (refusal) throw new Refused(refusal)
  }
  const parse = express.json({ limit: limitBytes, strict: true, type: [...media], verify })
  const expected = `${media.join(' or ')} is expected`
  const acceptPatch = { 'Accept-Patch': media.join(', ') }
  const unsupported = ({ method }: Request, detail: string) =>
    new AppError('unsupported_media_type', detail, method === 'PATCH' ? { headers: acceptPatch } : {})
  const smallBytes = media.includes('application/json') ? Math.min(limitBytes, mostSmallBytes) : 0
  return (req, res, next) => {
    if (isSmall(req, smallBytes)) return readSmall(req, bounds, next)
    const hasBody =
      req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length']) > 0
    if (hasBody && !req.is([...media])) {
      const sent = req.headers['content-type'] ?? 'missing'
      throw unsupported(req, `Content-Type is ${sent}; ${expected}`)
    }
    parse(req, res, (error?: unknown) => {
      if (error instanceof Refused) return next(error.refusal)
      if (isUnsupported(error)) return next(unsupported(req, error.message))
      if (error !== undefined || !hasBody || req.body !== undefined) return next(error)
      next(new AppError('request_timeout', 'The client closed the connection before the body was read'))
    })
  }
}

/** Body-parser writes a status of its own into what is thrown. */
class Refused extends Error {
  constructor(readonly refusal: AppError) {
    super(refusal.message)
  }
}

function refusalOf(bytes: Buffer, encoding: string, bounds: JsonBounds): AppError | undefined {
  if (encoding === 'utf-8') return refusalOfUtf8(bytes, bounds)
  if (encoding === 'utf-16le') return refusalOfText(bytes.toString('utf16le'), bounds)
  return new AppError('unsupported_media_type', `The charset is ${encoding}; utf-8 is expected`)
}

/** Bytes that are no UTF-8 would become replacement characters, and stay in records as such. */
const refusalOfUtf8 = (bytes: Buffer, bounds: JsonBounds): AppError | undefined =>
  isUtf8(bytes)
    ? refusalOfText(bytes.toString(), bounds)
    : new AppError('malformed_json', 'The body has bytes that are not UTF-8')

function refusalOfText(text: string, bounds: JsonBounds): AppError | undefined {
  const fault = jsonBoundsFault(text, bounds)
  if (fault !== undefined) return new AppError('json_too_complex', fault)
  const repeated = repeatedField(text)
  if (repeated === undefined) return undefined
  const shown = repeated.length > longestName ? `${repeated.slice(0, longestName)}…` : repeated
  return new AppError('malformed_json', `The field ${JSON.stringify(shown)} is there twice in one object`)
}

/** Whether the body parser refuses the charset or the encoding of a body. */
const isUnsupported = (error: unknown): error is Error =>
  error instanceof Error && (error as { status?: number }).status === 415

/** Whether it is what most programs send: a short body in UTF-8, of which all is known before it is read. */
function isSmall({ headers, destroyed }: Request, smallBytes: number): boolean {
  const length = Number(headers['content-length'])
  return (
    length > 0 &&
    length <= smallBytes &&
    headers['content-type'] === 'application/json' &&
    headers['content-encoding'] === undefined &&
    headers['transfer-encoding'] === undefined &&
    !destroyed
  )
}

/** Reads such a body as the body parser would, without what that does for all others: a tenth of a request. */
function readSmall(req: Request, bounds: JsonBounds, next: (error?: unknown) => void): void {
  const pieces: Buffer[] = []
  req.on('data', (piece: Buffer) => pieces.push(piece))
  req.once('end', () => {
    const bytes = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
    const refusal = refusalOfUtf8(bytes, bounds)
    if (refusal) return next(refusal)
    try {
      req.body = parseObject(bytes.toString())
    } catch (error) {
      return next(new AppError('malformed_json', (error as Error).message))
    }
    next()
  })
  req.once('error', () => next(new AppError('request_timeout', 'The body did not arrive in full')))
}

function parseObject(sent: string): object {
  // Some programs begin with a byte order mark.
  const text = sent.startsWith('\uFEFF') ? sent.slice(1) : sent
  if (text === '') return {}
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null) throw new Error('The body is neither an object nor a list')
  return value
}
