import { fingerprintOf, idempotencyKeyOf } from '../src'

const keyOf = (sent?: string) => idempotencyKeyOf({ 'idempotency-key': sent })

test('a key is the same quoted or bare, and a request may have none', () => {
  expect([keyOf('a-1'), keyOf('"a-1"'), keyOf(undefined)]).toEqual(['a-1', 'a-1', undefined])
})

test.each([
  ['empty', ''],
  ['with a space', 'a b'],
  ['that is not ASCII', 'ä'],
  ['of 256 characters', 'a'.repeat(256)],
])('a key %s is refused', (_, sent) => {
  expect(() => keyOf(sent)).toThrow(expect.objectContaining({ code: 'invalid_idempotency_key' }))
})

test('the order of fields makes no other request, and their values do', () => {
  const [one, same, other] = [
    { a: 1, b: '2' },
    { b: '2', a: 1 },
    { a: 1, b: 2 },
  ].map(fingerprintOf)
  expect(one).toEqual(same)
  expect(one).not.toEqual(other)
})
