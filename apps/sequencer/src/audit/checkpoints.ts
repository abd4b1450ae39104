import type { KeyObject } from 'node:crypto'
import {
  CheckpointError,
  collectFindings,
  compareCheckpoint,
  createTree,
  leafOfHead,
  publicJwk,
  type PublicJwk,
  readCheckpoint,
  signCheckpoint,
  verifyRegister,
  type Checkpoint,
  type Head,
  type TreeCheckpoint,
} from '@ordinal/audit'
import { AppError } from '../domain/errors'
import type { Queryable } from '@ordinal/database'
import type { Pool } from 'pg'
import { readTime, type Chosen } from './queries/counters'
import { readCuts, readHeads } from './queries/heads'
import { readRegister, readRegisterHead } from './queries/register'
import { inSnapshot } from './queries/snapshot'

type RequireServer = (tx: Queryable) => Promise<void>

export type Checkpoints = ReturnType<typeof createCheckpoints>

// With so many heads a checkpoint is some 4 KB, and names the counter that differs.
const mostHeadsWithin = 32
const readLimitMs = 60_000

/** Signed states of the ledger, for somebody else to keep: a ledger that was rewritten no longer matches them. */
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

    /** The public keys that verify checkpoints, as JWKs; none if nothing is signed. */
    keys: async () => (key ? [await publicJwk(key)] : []),

    /**
     * Signs the state of the ledger, or of a part of it.
     *
     * @param requireServer throws if it is not the right server; looked at in the same snapshot
     * @returns all heads, too: the signed text has their root, and the heads themselves only if they are few
     * @throws AppError `signing_key_missing`, and what `requireServer` throws
     */
    async sign({ prefix, period }: Chosen, requireServer?: RequireServer) {
      const signingKey = requireKey()
      const { at, feed, heads, register } = await inSnapshot(pool, readLimitMs, async (tx) => {
        await requireServer?.(tx)
        return { ...(await readHeads(tx, { prefix, period })), register: await readRegisterHead(tx) }
      })
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

    /** @throws AppError `checkpoint_invalid`, also if another key signed it; `signing_key_missing` */
    check: async (signed: string) => checked(signed, await publicJwk(requireKey())),

    /**
     * Compares the hashes of the ledger with a checkpoint. Whether the rows give these hashes, only `verifyLedger` shows.
     *
     * @param named all heads of the checkpoint, if they were kept: with them a finding names the counter that differs
     * @param requireServer throws if it is not the right server; looked at in the same snapshot
     * @throws AppError `checkpoint_invalid`, `signing_key_missing`, and what `requireServer` throws
     */
    async compare(signed: string, named?: readonly Head[], requireServer?: RequireServer) {
      const checkpoint = await checked(signed, await publicJwk(requireKey()))
      const findings = collectFindings()
      const comparison = refusing(RangeError, () =>
        compareCheckpoint(checkpoint, { prefix: null, period: null, whole: true }, findings, named),
      )
      const { cuts, register, now } = await inSnapshot(pool, readLimitMs, async (tx) => {
        await requireServer?.(tx)
        return {
          cuts: await readCuts(tx, checkpoint, named),
          register: await readRegister(tx),
          now: await readTime(tx),
        }
      })
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

async function checked(signed: string, key: PublicJwk): Promise<Checkpoint> {
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
