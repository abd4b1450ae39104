import { readFileSync } from 'node:fs'
import { CheckpointError, keyIdOf, readCheckpoint, readPublicKeys, type Checkpoint } from '@ordinal/audit'
import { ProblemError, type Ordinal } from '@ordinal/client'

/** A difference between the ledger and a checkpoint. */
export interface Difference {
  kind: string
  detail: string
}

const whereTheKeyIs =
  'a JWKS, as GET /api/v1/audit/keys answered it then, or a PEM of the old SEQUENCER_SIGNING_KEY (openssl pkey -pubout)'

/**
 * Checks a checkpoint by keys that somebody kept.
 *
 * @param signed the checkpoint in `file`
 * @throws Error if none of the keys has signed it, naming the one that has
 */
export async function checkByKeys(signed: string, file: string, keyFile: string): Promise<Checkpoint> {
  const keys = await readPublicKeys(readFileSync(keyFile, 'utf8'))
  try {
    return await readCheckpoint(signed, keys)
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error
    throw new Error(`${file}: ${error.message}. ${keyFile} has ${keys.map(({ kid }) => kid).join(', ')}`, {
      cause: error,
    })
  }
}

/**
 * Compares a checkpoint with the ledger by the key of the service.
 *
 * @param signed the checkpoint in `file`
 * @throws Error, saying how to give the key, if that is another one; OrdinalError
 */
export async function compareByService(
  ordinal: Ordinal,
  signed: string,
  file: string,
): Promise<readonly Difference[]> {
  try {
    return (await ordinal.audit.compare(signed)).findings
  } catch (error) {
    const kid = keyIdOf(signed)
    if (!(error instanceof ProblemError) || kid === undefined || !isForLackOfKey(error, kid)) throw error
    throw new Error(
      `${file}: ${error.problem.detail}. Give the public key ${kid} with --key: ${whereTheKeyIs}`,
      {
        cause: error,
      },
    )
  }
}

/** The service names the key where it has another one. */
const isForLackOfKey = ({ code, problem }: ProblemError, kid: string) =>
  code === 'signing_key_missing' || (code === 'checkpoint_invalid' && problem.detail.includes(kid))
