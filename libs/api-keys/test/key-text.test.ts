import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { idOfKey, newApiKey } from '../src'

/** As docs/security.md has it for scanners. */
const scanned = /\bordinal_[0-9A-Za-z]{12}_[0-9A-Za-z]{46}\b/g

test('a new key has the form that scanners look for, names its id, and is like no other', () => {
  const keys = Array.from({ length: 500 }, newApiKey)
  for (const { id, text, sha256 } of keys) {
    expect([idOfKey(text), text.length]).toEqual([id, 67])
    expect(`key: "${text}",`.match(scanned)).toEqual([text])
    expect(sha256).toBe(createHash('sha256').update(text).digest('hex'))
  }
  expect(new Set(keys.map(({ id }) => id)).size).toBe(keys.length)
})

test('the checksum is that of a key that is known', () => {
  expect(idOfKey(`ordinal_${'A'.repeat(12)}_${'B'.repeat(40)}0y6m8K`)).toBe('A'.repeat(12))
})

test('a key with another character anywhere is none', () => {
  const { text } = newApiKey()
  const places = fc.integer({ min: 0, max: text.length - 1 })
  fc.assert(
    fc.property(places, fc.string({ minLength: 1, maxLength: 1 }), (place, other) => {
      fc.pre(text[place] !== other)
      expect(idOfKey(text.slice(0, place) + other + text.slice(place + 1))).toBeUndefined()
    }),
  )
})

test('whatever else is sent is no key', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^ordinal_\w*$/)), (text) => {
      expect(idOfKey(text)).toBeUndefined()
    }),
  )
})
