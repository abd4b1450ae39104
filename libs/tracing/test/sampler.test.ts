import * as fc from 'fast-check'
import { samplerNames, samplerOf } from '../src/sampler'

const hex = (digits: number) =>
  fc
    .array(fc.integer({ min: 0, max: 15 }), { minLength: digits, maxLength: digits })
    .map((values) => values.map((value) => value.toString(16)).join(''))
const traceId = hex(32)
const flags = fc.option(hex(2), { nil: undefined })
const ratio = fc.double({ min: 0, max: 1, noNaN: true })

test('all services of a system decide the same for a trace, whoever calls them', () => {
  fc.assert(
    fc.property(traceId, flags, flags, ratio, (id, ofOne, ofOther, part) => {
      const [one, other] = [samplerOf('traceidratio', part), samplerOf('traceidratio', part)]
      expect(one(id, ofOne)).toBe(other(id, ofOther))
    }),
  )
})

test('a trace that a smaller ratio records is recorded by a greater one', () => {
  fc.assert(
    fc.property(traceId, ratio, ratio, (id, one, other) => {
      const [less, more] = [Math.min(one, other), Math.max(one, other)]
      if (samplerOf('traceidratio', less)(id, undefined))
        expect(samplerOf('traceidratio', more)(id, undefined)).toBe(true)
    }),
  )
})

test('a ratio of 0 records nothing, and one of 1 everything', () => {
  fc.assert(
    fc.property(traceId, (id) => {
      expect(samplerOf('traceidratio', 0)(id, undefined)).toBe(false)
      expect(samplerOf('traceidratio', 1)(id, undefined)).toBe(true)
    }),
  )
})

test('of random traces a ratio records its part', () => {
  const sample = samplerOf('traceidratio', 0.01)
  let id = 1
  // Spread evenly over the last 52 bits.
  const ids = Array.from({ length: 10_000 }, () => {
    id = (id + 0.6180339887498949) % 1
    return (
      'f'.repeat(19) +
      Math.floor(id * 2 ** 52)
        .toString(16)
        .padStart(13, '0')
    )
  })
  const recorded = ids.filter((each) => sample(each, undefined)).length
  expect(recorded).toBeGreaterThan(90)
  expect(recorded).toBeLessThan(110)
})

test('what is based on a parent does as the parent, and as its root without one', () => {
  fc.assert(
    fc.property(traceId, flags, ratio, fc.constantFrom(...samplerNames), (id, given, part, name) => {
      if (!name.startsWith('parentbased_')) return
      const root = samplerOf(name.slice('parentbased_'.length) as typeof name, part)
      const expected = given === undefined ? root(id, undefined) : (parseInt(given, 16) & 1) === 1
      expect(samplerOf(name, part)(id, given)).toBe(expected)
    }),
  )
})
