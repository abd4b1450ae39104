import type { KeyObject } from 'node:crypto'
import {
  CheckpointError,
  compareHead,
  publicJwk,
  readCheckpoint,
  signCheckpoint,
  type Checkpoint,
  type Finding,
  type Head,
} from '@ordinal/audit'
import type { Queryable } from '@ordinal/database'
import { AppError } from '@ordinal/errors'
import type { Logger } from '@ordinal/logging'
import type { Chosen } from './records'

export type Checkpoints = ReturnType<typeof createCheckpoints>

/** Signed heads of the chains, for somebody else to keep: against them a ledger that was rewritten is known. */
export function createCheckpoints(db: Queryable, key: KeyObject | undefined) {
  function requireKey(): KeyObject {
    if (key) return key
    throw new AppError(
      'signing_key_missing',
      'Nothing can be signed: set SEQUENCER_SIGNING_KEY for the service',
    )
  }

  return {
    canSign: key !== undefined,

    /** The public keys by which checkpoints are checked. */
    keys: async () => (key ? [await publicJwk(key)] : []),

    /**
     * Signs the heads of the chains as they are now.
     *
     * @param only those that this says yes to
     * @throws AppError `signing_key_missing`
     */
    async sign(chosen: Chosen, only: (head: Head) => boolean = () => true) {
      const signingKey = requireKey()
      const { at, heads } = await readHeads(db, chosen)
      const checkpoint: Checkpoint = { type: 'ordinal-checkpoint-v1', at, heads: heads.filter(only) }
      return { ...checkpoint, signed: await signCheckpoint(checkpoint, signingKey) }
    },

    /**
     * Whether the ledger still has the heads of a checkpoint. That its rows give them, only the chain shows.
     *
     * @throws AppError `checkpoint_invalid`, `signing_key_missing`
     */
    async compare(signed: string) {
      const { at, heads } = await checked(signed, await publicJwk(requireKey()))
      const hashes = await readHashes(db, heads)
      const findings: Finding[] = heads.flatMap((head, index) => compareHead(head, at, hashes[index]!) ?? [])
      return { at, heads: heads.length, findings }
    },
  }
}

async function checked(signed: string, key: Awaited<ReturnType<typeof publicJwk>>): Promise<Checkpoint> {
  try {
    return await readCheckpoint(signed, [key])
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error
    throw new AppError('checkpoint_invalid', `The checkpoint is refused: ${error.message}`, { cause: error })
  }
}

async function readHeads(db: Queryable, { prefix, period }: Chosen) {
  const { rows } = await db.query<Head & { now: Date }>(
    `SELECT now() AS now, prefix, period, batch, encode(head, 'hex') AS head, last_value FROM public.counters
     WHERE batch > 0 AND ($1::text IS NULL OR prefix = $1) AND ($2::text IS NULL OR period = $2)
     ORDER BY prefix, period`,
    [prefix ?? null, period ?? null],
  )
  const at = (rows[0]?.now ?? new Date()).toISOString()
  return { at, heads: rows.map(({ now: _, ...head }): Head => head) }
}

/** The hash of the batch that each head names; null where there is none. */
async function readHashes(db: Queryable, heads: readonly Head[]): Promise<(string | null)[]> {
  const { rows } = await db.query<{ hash: string | null }>(
    `SELECT encode(b.hash, 'hex') AS hash
     FROM unnest($1::text[], $2::text[], $3::bigint[]) WITH ORDINALITY AS h(prefix, period, batch, n)
     LEFT JOIN public.batches b ON b.prefix = h.prefix AND b.period = h.period AND b.batch = h.batch ORDER BY h.n`,
    [heads.map(({ prefix }) => prefix), heads.map(({ period }) => period), heads.map(({ batch }) => batch)],
  )
  return rows.map(({ hash }) => hash)
}

const hourMs = 60 * 60 * 1000
// A line of the log should not be as long as a ledger has counters.
const headsInLine = 500

/**
 * Writes a checkpoint of what has changed into the log, at the start and then every hour: so that whoever keeps the log
 * keeps what the owner of the database cannot rewrite.
 */
export function createCheckpointLog(checkpoints: Checkpoints, log: Logger) {
  const logged = new Map<string, number>()
  let timer: NodeJS.Timeout | undefined
  let writing = Promise.resolve()

  async function write(): Promise<void> {
    for (;;) {
      let taken = 0
      const isNew = ({ prefix, period, batch }: Head) =>
        logged.get(`${prefix}\n${period}`) !== batch && (taken += 1) <= headsInLine
      const { heads, signed } = await checkpoints.sign({}, isNew)
      if (heads.length === 0) return
      log.info('checkpoint', { counters: heads.length, checkpoint: signed })
      for (const { prefix, period, batch } of heads) logged.set(`${prefix}\n${period}`, batch)
      if (heads.length < headsInLine) return
    }
  }

  return {
    start() {
      if (!checkpoints.canSign) return
      const next = () => {
        writing = write()
          .catch(
            (error: unknown) =>
              void log.warn('no checkpoint could be written; next try in an hour', { error }),
          )
          .then(() => {
            if (timer) timer = setTimeout(next, hourMs).unref()
          })
      }
      timer = setTimeout(next, 0).unref()
    },
    async stop() {
      clearTimeout(timer)
      timer = undefined
      await writing
    },
  }
}
