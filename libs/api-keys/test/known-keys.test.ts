import { createHash } from 'node:crypto'
import { createKnownKeys, newApiKey, type KeyRecord } from '../src'

const made = newApiKey()
const digest = createHash('sha256').update(made.text).digest()
const record: KeyRecord = {
  id: made.id,
  name: 'shop',
  sha256: made.sha256,
  scopes: ['audit:read'],
  expires_at: null,
}
const find = (known: ReturnType<typeof createKnownKeys>) => known.find(made.text, digest)

test('a key is unavailable and not wrong as long as the keys are not known', () => {
  const known = createKnownKeys({ staleAfterMs: 60_000 })
  expect(() => find(known)).toThrow(expect.objectContaining({ code: 'api_keys_unavailable', status: 503 }))
  expect(known.find('some-other-key', digest)).toBeUndefined()
  known.replace([])
  expect(find(known)).toBeUndefined()
})

test('a key that was read counts until it ends, is taken away, or was read too long ago', () => {
  const known = createKnownKeys({ staleAfterMs: 60_000 })
  known.replace([record])
  const key = find(known)!
  expect(key).toMatchObject({ id: 'shop', scopes: ['audit:read'], keyId: made.id })
  expect([known.isAlive(key), known.names()]).toEqual([true, ['shop']])
  known.replace([{ ...record, expires_at: new Date(Date.now() - 1).toISOString() }])
  expect(find(known)).toBeUndefined()
  known.replace([record], 59_000)
  expect(find(known)).toBeDefined()
  known.replace([record], 61_000)
  expect(() => find(known)).toThrow('cannot be checked')
  known.confirm()
  expect(find(known)).toBeDefined()
  known.confirm(61_000)
  expect(find(known)).toBeDefined()
  known.replace([])
  expect([known.isAlive(key), known.names()]).toEqual([false, []])
})

test('the id of a key with another secret is no key', () => {
  const known = createKnownKeys({ staleAfterMs: 60_000 })
  known.replace([{ ...record, sha256: 'ab'.repeat(32) }])
  expect(find(known)).toBeUndefined()
})

test('the use of a key is given once, and again if it could not be noted', () => {
  const known = createKnownKeys({ staleAfterMs: 60_000 })
  known.replace([record])
  find(known)
  find(known)
  const uses = known.takeUses()
  expect(uses).toEqual([{ id: made.id, at: expect.any(Number) }])
  expect(known.takeUses()).toEqual([])
  find(known)
  known.returnUses([{ id: made.id, at: 1 }])
  expect(known.takeUses()[0]!.at).toBeGreaterThanOrEqual(uses[0]!.at)
})
