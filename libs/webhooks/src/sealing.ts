import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'

/** Keeps secrets in rows so that the database alone does not tell them (docs/decisions/0086). */
export type Sealer = ReturnType<typeof createSealer>

const cipher = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16
const sealed = /^sealed:([0-9a-f]{8}):([A-Za-z0-9+/=]+)$/

/** Whether a text is a key: 32 bytes in base64. */
export const isSealingKey = (text: string): boolean =>
  /^[A-Za-z0-9+/]{43}=$/.test(text) && Buffer.from(text, 'base64').length === 32

/**
 * @param keys in base64: the first one seals, each opens what it has sealed. Without any, secrets are kept as they are.
 */
export function createSealer(keys: readonly string[]) {
  const known = new Map(keys.map((text) => [idOf(text), Buffer.from(text, 'base64')]))
  const first = keys[0]

  return {
    seal(secret: string): string {
      if (first === undefined) return secret
      const nonce = randomBytes(nonceBytes)
      const id = idOf(first)
      const sealing = createCipheriv(cipher, known.get(id)!, nonce)
      const text = Buffer.concat([sealing.update(secret, 'utf8'), sealing.final()])
      return `sealed:${id}:${Buffer.concat([nonce, text, sealing.getAuthTag()]).toString('base64')}`
    },

    /** @throws Error if it was sealed with a key that is not here, or was altered */
    open(kept: string): string {
      const [, id, content] = sealed.exec(kept) ?? []
      if (id === undefined || content === undefined) return kept
      const key = known.get(id)
      if (!key)
        throw new Error(`The secret of a webhook was sealed with the key ${id}, which is not in WEBHOOK_KEYS`)
      const bytes = Buffer.from(content, 'base64')
      const opening = createDecipheriv(cipher, key, bytes.subarray(0, nonceBytes))
      opening.setAuthTag(bytes.subarray(-tagBytes))
      const text = bytes.subarray(nonceBytes, -tagBytes)
      return Buffer.concat([opening.update(text), opening.final()]).toString('utf8')
    },
  }
}

/** Tells keys apart, and nothing of them. */
const idOf = (key: string) => createHash('sha256').update(key).digest('hex').slice(0, 8)
