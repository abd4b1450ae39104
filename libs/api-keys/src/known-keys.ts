import { timingSafeEqual } from 'node:crypto'
import { AppError } from '@ordinal/errors'
import type { ApiKey, ManagedKeys } from '@ordinal/middleware'
import { idOfKey } from './key-text'

/** A key that has not ended, as its owner lists it. */
export interface KeyRecord {
  id: string
  name: string
  /** In hexadecimal. */
  sha256: string
  /** What it is limited to; null if it is not. */
  scopes: readonly string[] | null
  /** In RFC 3339; null if it does not end by itself. */
  expires_at: string | null
}

/** When a key was used last, in ms since 1970. */
export interface KeyUse {
  id: string
  at: number
}

export type KnownKeys = ReturnType<typeof createKnownKeys>

/**
 * The managed keys as this instance knows them, so that checking one needs no call. They are as they were when they were last
 * read, for as long as is allowed: an outage of their owner stops no caller, and a revoked key does not go on for ever.
 *
 * @param staleAfterMs for how long what was read counts
 */
export function createKnownKeys({ staleAfterMs }: { staleAfterMs: number }) {
  let byId: ReadonlyMap<string, ApiKey> = new Map()
  let names: readonly string[] = []
  let readAt = -Infinity
  let uses = new Map<string, number>()

  const isFresh = () => performance.now() - readAt <= staleAfterMs
  const isAlive = ({ keyId, expiresAtMs = Infinity, sha256 }: ApiKey) =>
    isFresh() && expiresAtMs > Date.now() && byId.get(keyId!)?.sha256.equals(sha256) === true

  return {
    /**
     * The key of a text, if it is one that has not ended.
     *
     * @param digest SHA-256 of the text
     * @throws AppError `api_keys_unavailable` if the text has the form of a managed key, and it is not known which there are
     */
    find(text, digest) {
      const id = idOfKey(text)
      if (id === undefined) return undefined
      if (!isFresh()) {
        const detail = 'Whether this key is still valid cannot be checked at the moment'
        throw new AppError('api_keys_unavailable', detail, { retryAfterSeconds: 2 })
      }
      const key = byId.get(id)
      if (!key || !timingSafeEqual(key.sha256, digest) || !isAlive(key)) return undefined
      uses.set(id, Date.now())
      return key
    },
    isAlive,
    /** Whose keys they are; another list after each reading that changed something. */
    names: () => names,

    /**
     * Takes the place of what was read before.
     *
     * @param ageMs how long ago they were read
     */
    replace(records: readonly KeyRecord[], ageMs = 0): void {
      byId = new Map(records.map((record) => [record.id, toApiKey(record)]))
      names = [...new Set(records.map(({ name }) => name))]
      readAt = performance.now() - ageMs
    },

    /** What was read is still so, or was `ageMs` ago. */
    confirm(ageMs = 0): void {
      readAt = Math.max(readAt, performance.now() - ageMs)
    },

    /** How old what was read is, in ms; Infinity before the first reading. */
    ageMs: () => performance.now() - readAt,

    /** When keys were used since the last call of this. */
    takeUses(): KeyUse[] {
      const taken = [...uses].map(([id, at]) => ({ id, at }))
      uses = new Map()
      return taken
    },
    /** Puts back what could not be noted. */
    returnUses(returned: readonly KeyUse[]): void {
      for (const { id, at } of returned) uses.set(id, Math.max(at, uses.get(id) ?? 0))
    },
  } satisfies ManagedKeys & Record<string, unknown>
}

const toApiKey = ({ id, name, sha256, scopes, expires_at }: KeyRecord): ApiKey => ({
  keyId: id,
  id: name,
  sha256: Buffer.from(sha256, 'hex'),
  ...(scopes && { scopes }),
  ...(expires_at !== null && { expiresAtMs: Date.parse(expires_at) }),
})
