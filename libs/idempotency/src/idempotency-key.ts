import { createHash } from 'node:crypto'
import { AppError } from '@ordinal/errors'

type Headers = Readonly<Record<string, string | string[] | undefined>>

/**
 * The Idempotency-Key of a request, quoted (as the IETF's draft has it) or bare; undefined if none was sent.
 *
 * @throws AppError `invalid_idempotency_key` unless it is 1 to 255 visible ASCII characters
 */
export function idempotencyKeyOf(headers: Headers): string | undefined {
  const sent = headers['idempotency-key']
  if (sent === undefined) return undefined
  const key = String(sent).replace(/^"(.*)"$/s, '$1')
  if (key.length > 255) {
    throw new AppError(
      'invalid_idempotency_key',
      `Idempotency-Key has ${key.length} characters; at most 255 are allowed`,
    )
  }
  if (!/^[\x21-\x7e]+$/.test(key)) {
    throw new AppError(
      'invalid_idempotency_key',
      'Idempotency-Key must be visible ASCII characters, such as those of a UUID',
    )
  }
  return key
}

/** An Idempotency-Key, with what it stands for. Keys belong to their caller. */
export interface IdempotencyKey {
  caller: string
  key: string
  /** Of the request: the same key may only come with the same request. */
  fingerprint: Buffer
}

/** Of the request as it was understood: spaces, the order of fields and `99.90` for `99.9` make no other request. */
export const fingerprintOf = (request: object): Buffer =>
  createHash('sha256')
    .update(JSON.stringify(Object.entries(request).sort()))
    .digest()
