import { compactVerify, errors, type JWK } from 'jose'

/** Where a chain was: its last batch, and the hash of that. */
export interface Head {
  prefix: string
  period: string
  batch: number
  head: string
}

/** What the service signed before: some heads, each for itself. */
export interface HeadsCheckpoint {
  type: 'ordinal-checkpoint-v1'
  at: string
  heads: Head[]
}

/** A state of the ledger, for somebody else to keep: one that was rewritten no longer matches (docs/decisions/0047). */
export interface TreeCheckpoint {
  type: 'ordinal-checkpoint-v2'
  /** Everything dated earlier is in it, except what a transaction committed up to a minute after it read the clock. */
  at: string
  /** It has exactly the batches below this place in the feed. */
  feed: number
  /** Its sequence and period; null for all. */
  prefix: string | null
  period: string | null
  /** How many counters there were, and the root of the tree of their heads, in the order of prefix and period. */
  counters: number
  root: string
  /** The last entry of the register, and its hash. */
  register: { entry: number; hash: string } | null
  /** The heads themselves, if they are few: they show which counter differs. */
  heads?: Head[]
}

export type Checkpoint = HeadsCheckpoint | TreeCheckpoint

/** A head as a leaf of the tree. */
export const leafOfHead = ({ prefix, period, batch, head }: Head): string =>
  JSON.stringify([prefix, period, batch, head])

/** The text is no checkpoint, or is not signed by a known key. */
export class CheckpointError extends Error {
  override readonly name = 'CheckpointError'
}

/** Which kind of JWS a checkpoint is: its `typ`. */
export const checkpointType = 'ordinal-checkpoint+jws'

/**
 * Checks the signature of a checkpoint, and returns its content.
 *
 * @param keys public keys, of which one must have signed it
 * @throws CheckpointError
 */
export async function readCheckpoint(jws: string, keys: readonly JWK[]): Promise<Checkpoint> {
  try {
    const { payload, protectedHeader } = await compactVerify(
      jws.trim(),
      ({ kid }) => {
        const jwk = keys.find((key) => key.kid === kid)
        if (!jwk)
          throw new CheckpointError(
            `it is signed by another key than those that are known: ${kid ?? 'unnamed'}`,
          )
        return jwk
      },
      { algorithms: ['EdDSA'] },
    )
    const checkpoint: unknown = JSON.parse(new TextDecoder().decode(payload))
    if (protectedHeader.typ !== checkpointType || !isCheckpoint(checkpoint))
      throw new CheckpointError('it is signed, and is no checkpoint')
    return checkpoint
  } catch (error) {
    if (error instanceof errors.JOSEError) throw new CheckpointError(error.message, { cause: error })
    throw error
  }
}

/** Checks no more than the kind: the content is signed. */
function isCheckpoint(content: unknown): content is Checkpoint {
  const { type, heads, root } = content as Partial<TreeCheckpoint & HeadsCheckpoint>
  if (type === 'ordinal-checkpoint-v1') return Array.isArray(heads)
  return type === 'ordinal-checkpoint-v2' && typeof root === 'string'
}
