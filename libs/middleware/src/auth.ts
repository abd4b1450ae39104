import { createHash, timingSafeEqual } from 'node:crypto'
import type { RequestHandler } from 'express'
import { AppError } from '@ordinal/errors'

/** A machine that may call: its name, and the SHA-256 of its key. */
export interface ApiKey {
  id: string
  sha256: Buffer
}

/**
 * Reads an entry of `API_KEYS`: `name:sha256hex`. A name may come twice, so that a key can be replaced without a
 * pause. Undefined if the entry has another form.
 */
export function parseApiKey(entry: string): ApiKey | undefined {
  const [, id, sha256] = /^([A-Za-z0-9._-]{1,64}):([0-9a-fA-F]{64})$/.exec(entry) ?? []
  return id && sha256 ? { id, sha256: Buffer.from(sha256, 'hex') } : undefined
}

/** Names the caller by the X-API-Key it sends. No key is fine (`anonymous`); a wrong one is 401. */
export function identifyCaller(keys: readonly ApiKey[]): RequestHandler {
  return (req, _res, next) => {
    const sent = req.headers['x-api-key']
    if (sent === undefined) return next()
    const digest = createHash('sha256').update(String(sent)).digest()
    // Every key is compared, in constant time: how long it takes tells nothing.
    const known = keys.filter(({ sha256 }) => timingSafeEqual(sha256, digest))[0]
    if (!known) throw new AppError('invalid_api_key', 'X-API-Key holds no key that this service knows')
    req.context.caller = known.id
    next()
  }
}
