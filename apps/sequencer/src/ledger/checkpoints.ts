import type { KeyObject } from 'node:crypto'
import {
  CheckpointError,
  collectFindings,
  compareCheckpoint,
  createTree,
  leafOfHead,
  publicJwk,
  readCheckpoint,
  signCheckpoint,
  verifyRegister,
  type Checkpoint,
  type Head,
  type TreeCheckpoint,
} from '@ordinal/audit'
import { transaction } from '@ordinal/database'
import { AppError } from '@ordinal/errors'
import type { Pool } from 'pg'
import { readCuts, readHeads } from './heads'
import { readTime, type Chosen } from './records'
import { readRegister, readRegisterHead } from './register'

export type Checkpoints = ReturnType<typeof createCheckpoints>

// With so many heads a checkpoint is some 4 KB, and names the counter that differs.
const mostHeadsWithin = 32
const readLimitMs = 60_000

/** Signed states of the ledger, for somebody else to keep: against them a ledger that was rewritten is known. */
export function createCheckpoints(pool: Pool, key: KeyObject | undefined) {
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
     * Signs the state of the ledger, or of a part of it.
     *
     * @returns with all heads, of which the signed text has the root, and themselves only if they are few
     * @throws AppError `signing_key_missing`
     */
    async sign({ prefix, period }: Chosen) {
      const signingKey = requireKey()
      const { at, feed, heads, register } = await inSnapshot(pool, async (tx) => ({
        ...(await readHeads(tx, { prefix, period })),
        register: await readRegisterHead(tx),
      }))
      const tree = createTree()
      for (const head of heads) tree.add(leafOfHead(head))
      const checkpoint: TreeCheckpoint = {
        type: 'ordinal-checkpoint-v2',
        at,
        feed,
        prefix: prefix ?? null,
        period: period ?? null,
        counters: heads.length,
        root: tree.root(),
        register,
        ...(heads.length <= mostHeadsWithin && { heads }),
      }
      return { checkpoint, heads, signed: await signCheckpoint(checkpoint, signingKey) }
    },

    /**
     * Whether the ledger still has what a checkpoint has kept. That its rows give that, only the chain shows.
     *
     * @param named all heads of the checkpoint, if they were kept: by them the counter is known that differs
     * @throws AppError `checkpoint_invalid`, `signing_key_missing`
     */
    async compare(signed: string, named?: readonly Head[]) {
      const checkpoint = await checked(signed, await publicJwk(requireKey()))
      const findings = collectFindings()
      const comparison = refusing(RangeError, () =>
        compareCheckpoint(checkpoint, { prefix: null, period: null, whole: true }, findings, named),
      )
      const { cuts, register, now } = await inSnapshot(pool, async (tx) => ({
        cuts: await readCuts(tx, checkpoint, named),
        register: await readRegister(tx),
        now: await readTime(tx),
      }))
      verifyRegister({ at: now, ...register, checkpoints: [checkpoint] }, findings)
      for (const cut of cuts) if (comparison.reachInto(cut)) comparison.counter(cut)
      comparison.end()
      return {
        at: checkpoint.at,
        heads: comparison.counts.compared,
        finding_count: findings.count(),
        findings: findings.findings,
      }
    },
  }
}

const inSnapshot = <Result>(pool: Pool, read: Parameters<typeof transaction<Result>>[1]) =>
  transaction<Result>(
    pool,
    async (tx) => {
      await tx.query('SET TRANSACTION READ ONLY')
      await tx.query(`SET LOCAL statement_timeout = ${readLimitMs}`)
      return read(tx)
    },
    { isolation: 'repeatable read', limitMs: 2 * readLimitMs },
  )

async function checked(signed: string, key: Awaited<ReturnType<typeof publicJwk>>): Promise<Checkpoint> {
  try {
    return await readCheckpoint(signed, [key])
  } catch (error) {
    throw refusal(CheckpointError, error)
  }
}

function refusing<Result>(kind: typeof RangeError, act: () => Result): Result {
  try {
    return act()
  } catch (error) {
    throw refusal(kind, error)
  }
}

function refusal(kind: new (...args: never[]) => Error, error: unknown): unknown {
  if (!(error instanceof kind)) return error
  return new AppError('checkpoint_invalid', `The checkpoint is refused: ${error.message}`, { cause: error })
}
