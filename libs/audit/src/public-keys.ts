import { calculateJwkThumbprint, decodeProtectedHeader, exportJWK, importSPKI, type JWK } from 'jose'
import { CheckpointError } from './checkpoint'

/** The public half of a signing key, with its id. */
export type PublicJwk = JWK & { kid: string }

/**
 * The public keys in a file: a JWKS, as `GET /api/v1/audit/keys` answers it, or one as PEM, whose id is its thumbprint
 * (RFC 7638).
 *
 * @throws CheckpointError if it is neither
 */
export async function readPublicKeys(text: string): Promise<PublicJwk[]> {
  try {
    if (!text.includes('BEGIN')) return [...(JSON.parse(text) as { keys: PublicJwk[] }).keys]
    const jwk = await exportJWK(await importSPKI(text.trim(), 'EdDSA', { extractable: true }))
    return [{ ...jwk, kid: await calculateJwkThumbprint(jwk) }]
  } catch (error) {
    throw new CheckpointError('the keys are neither a JWKS nor a public key of Ed25519 as PEM', {
      cause: error,
    })
  }
}

/** The id of the key by which a checkpoint says that it is signed; undefined if it does not say. */
export function keyIdOf(jws: string): string | undefined {
  try {
    return decodeProtectedHeader(jws.trim()).kid
  } catch {
    return undefined
  }
}

/** The signed checkpoints in a text, such as lines of a log: whatever is around them. */
export const checkpointsIn = (text: string): string[] =>
  text.match(/(?<![\w-])eyJ[\w-]+\.[\w-]+\.[\w-]+/g) ?? []
