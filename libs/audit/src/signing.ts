import { Buffer } from 'node:buffer'
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { calculateJwkThumbprint, CompactSign, exportJWK } from 'jose'
import { checkpointType, type Checkpoint } from './checkpoint'
import type { PublicJwk } from './public-keys'

/**
 * Reads an Ed25519 private key: PKCS#8 as PEM, or the base64 of that, or of its DER.
 *
 * @throws Error if it is none
 */
export function readSigningKey(text: string): KeyObject {
  const decoded = text.includes('BEGIN')
    ? Buffer.from(text.replaceAll('\\n', '\n'))
    : Buffer.from(text, 'base64')
  const key = decoded.includes('BEGIN')
    ? createPrivateKey(decoded)
    : createPrivateKey({ key: decoded, format: 'der', type: 'pkcs8' })
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('the key is not one of Ed25519')
  return key
}

/** The public half of a key, as JWK; its id is its thumbprint (RFC 7638). */
export async function publicJwk(key: KeyObject): Promise<PublicJwk> {
  const jwk = await exportJWK(key.type === 'private' ? createPublicKey(key) : key)
  return { ...jwk, alg: 'EdDSA', use: 'sig', kid: await calculateJwkThumbprint(jwk) }
}

/** Signs a checkpoint: a compact JWS (RFC 7515) with EdDSA, that any library for JWTs can check. */
export async function signCheckpoint(checkpoint: Checkpoint, key: KeyObject): Promise<string> {
  const { kid } = await publicJwk(key)
  return new CompactSign(new TextEncoder().encode(JSON.stringify(checkpoint)))
    .setProtectedHeader({ alg: 'EdDSA', typ: checkpointType, kid })
    .sign(key)
}
