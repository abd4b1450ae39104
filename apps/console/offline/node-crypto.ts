import { sha256 } from '@noble/hashes/sha2'
import { Buffer } from 'buffer'

// Stands for node:crypto in what runs in browsers: a digest of theirs is a promise, and the verifier makes one for each row.

/** The SHA-256 of a text as UTF-8, or of bytes. */
export function hash(algorithm: 'sha256', data: string | Uint8Array, encoding: 'buffer'): Buffer
export function hash(algorithm: 'sha256', data: string | Uint8Array, encoding?: 'hex'): string
export function hash(
  algorithm: 'sha256',
  data: string | Uint8Array,
  encoding: 'buffer' | 'hex' = 'hex',
): Buffer | string {
  if ((algorithm as string) !== 'sha256') throw new TypeError(`There is no ${algorithm} here`)
  const digest = Buffer.from(sha256(typeof data === 'string' ? Buffer.from(data) : data))
  return encoding === 'buffer' ? digest : digest.toString('hex')
}
