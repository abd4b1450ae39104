import { newApiKey } from '@ordinal/api-keys'
import { crashAt } from '@ordinal/failpoints'
import { fingerprintOf } from '@ordinal/idempotency'
import { looksLike } from '@ordinal/middleware'
import { AppError } from '../domain/errors'
import { requireVersion, type Author } from '../domain/versions'
import type { FollowedKeys } from './follow'
import type { KeyEnd, KeyRepository, ManagedKey } from './repository'

/** What an administrator asks for. */
export interface KeyWanted {
  name: string
  scopes: readonly string[] | null
  expiresAt: Date | null
}

export interface RotationWanted {
  /** For how long both keys are valid. */
  overlapSeconds: number
  /** When the new one ends; undefined: when the old one would have ended. */
  expiresAt: Date | null | undefined
}

/** A key that was just made, with its text: this is the only time that it is known. */
export interface MadeKey {
  key: ManagedKey
  text: string
}

export type KeyService = ReturnType<typeof createKeyService>

interface Deps {
  repository: KeyRepository
  followed: Pick<FollowedKeys, 'refresh'>
}

// What every service keeps in memory, and reads again after each change.
const mostAlive = 1_000
const tries = 5

/**
 * The keys that administrators make. Each change adds a version to what is there, and of two changes at once one is refused;
 * but a revocation is always carried out. This instance knows of them at once, others and the other services within seconds.
 */
export function createKeyService({ repository, followed }: Deps) {
  async function requireKey(id: string): Promise<ManagedKey> {
    const key = await repository.find(id)
    if (!key) throw new AppError('api_key_not_found', `There is no API key ${id}`)
    return key
  }

  async function requireAlive(id: string): Promise<ManagedKey> {
    const key = await requireKey(id)
    if (key.state !== 'active') throw new AppError('api_key_ended', `The key ${id} was ${key.state} already`)
    return key
  }

  /** What was written is known here before it is answered; if it cannot be read now, it is read in a second. */
  async function changed(id: string): Promise<ManagedKey> {
    await followed.refresh().catch(() => {})
    FAILPOINT: crashAt('a changed key is known here')
    return requireKey(id)
  }

  /** A repeated request made its key before, and the text of that is not stored. */
  async function refuseAgain(author: Author, key: string, fingerprint: string): Promise<void> {
    const before = await repository.madeBefore(author.by, key)
    if (!before) return
    if (before.fingerprint !== fingerprint)
      throw new AppError('idempotency_key_reused', `The key "${key}" belongs to another request`)
    throw new AppError('api_key_shown_before', `This request has made the API key ${before.id} already`)
  }

  async function make(
    wanted: KeyWanted,
    asked: object,
    idempotencyKey: string | undefined,
    author: Author,
    replaces?: { id: string; version: number; overlapSeconds: number },
  ): Promise<MadeKey> {
    const idempotency =
      idempotencyKey === undefined
        ? undefined
        : { key: idempotencyKey, fingerprint: fingerprintOf(asked).toString('hex') }
    const { id, text, sha256 } = newApiKey()
    const refuse = async () => {
      if (idempotency) await refuseAgain(author, idempotency.key, idempotency.fingerprint)
    }
    const key = { ...wanted, id, sha256, idempotency, author, ...(replaces && { replaces }) }
    const made = await repository.add(key).catch(async (error: unknown) => {
      // The connection may have been lost after the commit: then the key is there, and its text here.
      const isThere = await repository.find(id).then(Boolean, () => false)
      if (isThere) return true
      // Of two of the same request at once, the other may have been the change that came first.
      await refuse().catch(rethrowRefusal)
      throw error
    })
    if (!made) await refuse()
    return { key: await changed(id), text }
  }

  async function refuseRepeated(asked: object, idempotencyKey: string | undefined, author: Author) {
    if (idempotencyKey !== undefined)
      await refuseAgain(author, idempotencyKey, fingerprintOf(asked).toString('hex'))
  }

  return {
    list: (page: Parameters<KeyRepository['list']>[0]) => repository.list(page),

    /** @throws AppError `api_key_not_found` */
    find: requireKey,

    /**
     * Makes a key.
     *
     * @throws AppError `validation_failed`, `too_many_api_keys`, `idempotency_key_reused`, `api_key_shown_before`
     */
    async make(wanted: KeyWanted, idempotencyKey: string | undefined, author: Author): Promise<MadeKey> {
      const asked = { make: wanted.name, ...inWords(wanted), reason: author.reason }
      await refuseRepeated(asked, idempotencyKey, author)
      requireFuture(wanted.expiresAt)
      // Else the token of the caller would be refused as one of a machine, and the caller could not revoke the key.
      if (looksLike(author.by, wanted.name)) throw invalid('body.name', 'must not look like your own name')
      const { total } = await repository.list({ active: true, skip: 0, take: 1 })
      if (total >= mostAlive)
        throw new AppError('too_many_api_keys', `There are ${total} keys that have not ended`)
      return make(wanted, asked, idempotencyKey, author)
    },

    /**
     * Makes a key with the name and the scopes of another, which ends after the overlap.
     *
     * @throws AppError `validation_failed`, `api_key_not_found`, `api_key_ended`, `api_key_changed`, `idempotency_key_reused`,
     *   `api_key_shown_before`
     */
    async rotate(
      id: string,
      { overlapSeconds, expiresAt }: RotationWanted,
      idempotencyKey: string | undefined,
      author: Author,
    ): Promise<MadeKey> {
      const asked = { rotate: id, overlapSeconds, ...inWords({ expiresAt }), reason: author.reason }
      await refuseRepeated(asked, idempotencyKey, author)
      requireFuture(expiresAt)
      const { name, scopes, version, expiresAt: before } = await requireAlive(id)
      const replaces = { id, version, overlapSeconds }
      const wanted = { name, scopes, expiresAt: expiresAt === undefined ? before : expiresAt }
      return make(wanted, asked, idempotencyKey, author, replaces)
    },

    /**
     * Changes when a key ends; null: not by itself.
     *
     * @param expected the versions that are to be changed; undefined if any
     * @throws AppError `validation_failed`, `api_key_not_found`, `version_mismatch`, `api_key_ended`, `api_key_changed`
     */
    async expire(
      id: string,
      expiresAt: Date | null,
      expected: readonly number[] | undefined,
      author: Author,
    ): Promise<ManagedKey> {
      requireFuture(expiresAt)
      const key = await requireAlive(id)
      requireVersion(id, key.version, expected)
      if (key.expiresAt?.getTime() === expiresAt?.getTime()) return key
      await repository.change(id, key.version, { expiresAt, active: true }, author)
      return changed(id)
    },

    /**
     * Ends a key. One that has ended stays as it is; a change that comes first does not keep it alive.
     *
     * @throws AppError `api_key_not_found`
     */
    async revoke(id: string, author: Author): Promise<void> {
      for (let attempt = 1; ; attempt += 1) {
        const { state, version, expiresAt } = await requireKey(id)
        if (state !== 'active') break
        const end: KeyEnd = { expiresAt, active: false }
        const refusal = await repository.change(id, version, end, author).then(() => undefined, overtaken)
        if (refusal === undefined) break
        if (attempt === tries) throw refusal
      }
      await changed(id)
    },

    noteUses: (uses: Parameters<KeyRepository['noteUses']>[0]) => repository.noteUses(uses),
  }
}

function rethrowRefusal(error: unknown): void {
  if (error instanceof AppError) throw error
}

/** Another change, or the end of the key, came first. */
function overtaken(error: unknown): AppError {
  if (error instanceof AppError && ['api_key_changed', 'api_key_ended'].includes(error.code)) return error
  throw error
}

/** As a fingerprint takes it: a Date has no entries. */
const inWords = ({ expiresAt, scopes }: Pick<RotationWanted, 'expiresAt'> & Partial<KeyWanted>) => ({
  scopes,
  expiresAt: expiresAt === undefined ? 'as it was' : (expiresAt?.toISOString() ?? null),
})

function requireFuture(expiresAt: Date | null | undefined): void {
  if (expiresAt && expiresAt.getTime() <= Date.now())
    throw invalid('body.expires_at', 'must be in the future; DELETE ends a key now')
}

const invalid = (path: string, message: string) =>
  new AppError('validation_failed', `${path}: ${message}`, { errors: [{ path, message }] })
