import { createHash, randomInt } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** A generated key: its text is shown once, and only its SHA-256 is kept. */
export interface NewApiKey {
  id: string
  text: string
  /** In hexadecimal. */
  sha256: string
}

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const idLength = 12
// 62 to the power of 40 is more than 2 to the power of 238.
const secretLength = 40
const checksumLength = 6

/** What a whole text has to be for it to have the form of a key. Scanners look for the same without `^` and `$`. */
const form = /^ordinal_([0-9A-Za-z]{12})_[0-9A-Za-z]{46}$/

/** Generates a key. Its id is no secret; its checksum distinguishes it from a text that only looks like a key, without a look-up. */
export function newApiKey(): NewApiKey {
  const id = randomText(idLength)
  const unchecked = `ordinal_${id}_${randomText(secretLength)}`
  const text = unchecked + checksumOf(unchecked)
  return { id, text, sha256: createHash('sha256').update(text).digest('hex') }
}

/** The id in the text of a key; undefined if no such key was ever made, by its form or its checksum. */
export function idOfKey(text: string): string | undefined {
  const id = form.exec(text)?.[1]
  const end = text.length - checksumLength
  return id !== undefined && checksumOf(text.slice(0, end)) === text.slice(end) ? id : undefined
}

const randomText = (length: number) => Array.from({ length }, () => digits[randomInt(digits.length)]).join('')

/** CRC-32 to the base of 62, as the tokens of GitHub end. */
function checksumOf(text: string): string {
  let rest = crc32(text)
  let checksum = ''
  for (let place = 0; place < checksumLength; place += 1) {
    checksum = digits[rest % digits.length]! + checksum
    rest = Math.floor(rest / digits.length)
  }
  return checksum
}
