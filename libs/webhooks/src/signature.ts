import { createHmac, randomBytes } from 'node:crypto'

// As Standard Webhooks have it: https://github.com/standard-webhooks/standard-webhooks

const prefix = 'whsec_'

/** A secret for a receiver: 256 random bits. */
export const newSecret = (): string => prefix + randomBytes(32).toString('base64')

/** What of a delivery is signed. */
export interface Signed {
  id: string
  /** Seconds since 1970, of the attempt. */
  timestamp: number
  body: string
}

/** The headers of a delivery; each secret signs, so that a receiver may know either. */
export const signedHeaders = ({ id, timestamp, body }: Signed, secrets: readonly string[]) => ({
  'webhook-id': id,
  'webhook-timestamp': String(timestamp),
  'webhook-signature': secrets.map((secret) => signatureOf({ id, timestamp, body }, secret)).join(' '),
})

function signatureOf({ id, timestamp, body }: Signed, secret: string): string {
  const key = Buffer.from(secret.slice(prefix.length), 'base64')
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
}
