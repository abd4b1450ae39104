import { generateKeyPairSync } from 'node:crypto'

/** A key that signs checkpoints, as SEQUENCER_SIGNING_KEY has it. */
export const newSigningKey = () =>
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
