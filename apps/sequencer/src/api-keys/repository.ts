import type { KeyRecord, KeyUse } from '@ordinal/api-keys'
import { databaseErrorOf, runAlone, type Queryable } from '@ordinal/database'
import { crashAt } from '@ordinal/failpoints'
import type { Pool } from 'pg'
import { AppError } from '../domain/errors'
import type { Author } from '../domain/versions'
import { onServer, requireWritten, type WriteOnServer } from '../ledger/other-server'

/** A key as its latest version has it. Of the text of the key there is nothing but its SHA-256, which is not here. */
export interface ManagedKey {
  id: string
  version: number
  name: string
  /** What it is limited to; null if it is not. */
  scopes: string[] | null
  expiresAt: Date | null
  /** By the clock of the database. */
  state: 'active' | 'expired' | 'revoked'
  /** The key that it was made for, by a rotation. */
  replaces: string | null
  createdAt: Date
  createdBy: string
  /** Of the latest version. */
  changedAt: Date
  changedBy: string
  reason: string | null
  lastUsedAt: Date | null
}

/** A key to be made. */
export interface NewKey {
  id: string
  sha256: string
  name: string
  scopes: readonly string[] | null
  expiresAt: Date | null
  /** In place of which it is made: that ends after the overlap. */
  replaces?: { id: string; version: number; overlapSeconds: number }
  idempotency: { key: string; fingerprint: string } | undefined
  author: Author
}

/** A version of a key: when it ends. */
export interface KeyEnd {
  expiresAt: Date | null
  active: boolean
}

/** Which keys are asked for. */
interface KeyPage {
  skip: number
  take: number
  /** All, if not given. */
  active: boolean | undefined
}

export type KeyRepository = ReturnType<typeof createKeyRepository>

interface Deps {
  pool: Pool
  db: Queryable
  /** Runs a statement only where the register may be written to. */
  write: WriteOnServer
  /** The same, and on a ledger that is known to be older. */
  writeToOlder: WriteOnServer
}

/** All keys that were made, version by version. What is in it stays as it is: a change is a version more. */
export function createKeyRepository({ pool, db, write, writeToOlder }: Deps) {
  /** Calls a function that writes, as a transaction of its own; its last parameter is the server. */
  const writeAlone = (from: string, values: readonly unknown[], where = write) =>
    where(async (server) => {
      const { rows } = await runAlone(pool, {
        text: `SELECT FROM ${from}`,
        values: [...values, server ?? null],
      })
      requireWritten(rows)
    })

  return {
    /** A key; undefined if there never was one with this id. */
    async find(id: string): Promise<ManagedKey | undefined> {
      const { rows } = await db.query<ManagedKey>(`SELECT * FROM (${latest('WHERE id = $1')}) k`, [id])
      return rows[0]
    },

    /** The keys, by name, the latest of each name first, and how many there are. */
    async list({ skip, take, active }: KeyPage): Promise<{ keys: ManagedKey[]; total: number }> {
      const filter = `($1::boolean IS NULL OR (state = 'active') = $1)`
      const [{ rows }, counted] = await Promise.all([
        db.query<ManagedKey>(
          `SELECT * FROM (${latest()}) k WHERE ${filter} ORDER BY name, "createdAt" DESC, id OFFSET $2 LIMIT $3`,
          [active ?? null, skip, take],
        ),
        db.query<{ total: number }>(`SELECT count(*)::int AS total FROM (${latest()}) k WHERE ${filter}`, [
          active ?? null,
        ]),
      ])
      return { keys: rows, total: counted.rows[0]!.total }
    },

    /** How many versions of keys there are: another number whenever one was made or changed. */
    async versions(): Promise<number> {
      const { rows } = await db.query<{ versions: number }>({
        name: 'count_api_keys',
        text: 'SELECT count(*)::int AS versions FROM public.api_keys',
      })
      return rows[0]!.versions
    },

    /** What callers are checked by: the keys that have not ended. */
    async alive(): Promise<KeyRecord[]> {
      const { rows } = await db.query<Omit<KeyRecord, 'expires_at'> & { expires_at: Date | null }>({
        name: 'alive_api_keys',
        text: `SELECT id, name, sha256, scopes, expires_at
               FROM (SELECT DISTINCT ON (id) * FROM public.api_keys ORDER BY id, version DESC) k
               WHERE active AND (expires_at IS NULL OR expires_at > clock_timestamp()) ORDER BY id`,
      })
      return rows.map((row) => ({ ...row, expires_at: row.expires_at?.toISOString() ?? null }))
    },

    /** The key that a request with this Idempotency-Key made, and the fingerprint of that request. */
    async madeBefore(caller: string, key: string): Promise<{ id: string; fingerprint: string } | undefined> {
      const { rows } = await db.query<{ id: string; fingerprint: string }>(
        'SELECT id, fingerprint FROM public.api_keys WHERE created_by = $1 AND idempotency_key = $2',
        [caller, key],
      )
      return rows[0]
    },

    /**
     * Makes a key.
     *
     * @returns false if a request with its Idempotency-Key has made one meanwhile
     * @throws AppError `api_key_changed`, `api_key_ended`: of the key in place of which it is made; `ledger_behind`.
     *   CommitUnknownError
     */
    async add({
      id,
      name,
      sha256,
      scopes,
      expiresAt,
      replaces,
      idempotency,
      author,
    }: NewKey): Promise<boolean> {
      FAILPOINT: crashAt('a key is generated')
      const { by, reason, requestId } = author
      try {
        await writeAlone(
          'public.add_api_key($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) WHERE ' +
            onServer('$14'),
          [
            id,
            name,
            sha256,
            scopes,
            expiresAt,
            replaces?.id,
            replaces && replaces.version + 1,
            replaces?.overlapSeconds,
            idempotency?.key,
            idempotency?.fingerprint,
            by,
            reason,
            requestId,
          ],
        )
        FAILPOINT: crashAt('a key is committed')
        return true
      } catch (error) {
        if (databaseErrorOf(error)?.constraint === 'api_keys_idempotency_key_key') return false
        throw refusalOf(error, replaces?.id ?? id)
      }
    },

    /**
     * Adds a version of a key.
     *
     * @param version of which it is the next
     * @throws AppError `api_key_changed`, `api_key_ended`, `ledger_behind`. CommitUnknownError
     */
    async change(
      id: string,
      version: number,
      { expiresAt, active }: KeyEnd,
      { by, reason, requestId }: Author,
    ): Promise<void> {
      FAILPOINT: crashAt('the end of a key is decided')
      try {
        await writeAlone(
          `public.change_api_key($1, $2, $3, $4, $5, $6, $7) WHERE ${onServer('$8')}`,
          [id, version + 1, expiresAt, active, by, reason, requestId],
          active ? write : writeToOlder,
        )
        FAILPOINT: crashAt('the end of a key is committed')
      } catch (error) {
        throw refusalOf(error, id)
      }
    },

    /** Notes when keys were used; those of which there is none are passed over. */
    async noteUses(uses: readonly KeyUse[]): Promise<void> {
      if (uses.length === 0) return
      await db.query('SELECT FROM public.note_api_key_uses($1, $2)', [
        uses.map(({ id }) => id),
        uses.map(({ at }) => new Date(at).toISOString()),
      ])
    },
  }
}

function refusalOf(error: unknown, id: string): unknown {
  const failure = databaseErrorOf(error)
  if (failure?.sqlState === 'OR003' || failure?.constraint === 'api_keys_pkey')
    return new AppError('api_key_changed', `The key ${id} was changed meanwhile`, { cause: error })
  if (failure?.sqlState === 'OR034')
    return new AppError('api_key_ended', `The key ${id} has expired or was revoked`, { cause: error })
  return error
}

const latest = (where = '') => `
  SELECT k.id, k.version, k.name, k.scopes, k.expires_at AS "expiresAt", k.replaces,
         CASE WHEN NOT k.active THEN 'revoked' WHEN k.expires_at <= clock_timestamp() THEN 'expired' ELSE 'active' END AS state,
         f.created_at AS "createdAt", f.created_by AS "createdBy", k.created_at AS "changedAt", k.created_by AS "changedBy",
         k.reason, u.last_used_at AS "lastUsedAt"
  FROM (SELECT DISTINCT ON (id) * FROM public.api_keys ${where} ORDER BY id, version DESC) k
  JOIN public.api_keys f ON f.id = k.id AND f.version = 1
  LEFT JOIN public.api_key_uses u ON u.id = k.id`
