import fc from 'fast-check'
import { commonText, formatNumber, type Run } from '../src'

const piece = fc.constantFrom('', '1', '0', '10', '02', '-', 'A', '1-', '-1')
const run = fc
  .record({
    head: piece,
    width: fc.integer({ min: 1, max: 4 }),
    tail: piece,
    first: fc.integer({ min: 1, max: 1_200 }),
    more: fc.integer({ min: 0, max: 120 }),
  })
  .map(({ more, ...rest }): Run => ({ ...rest, last: rest.first + more }))

const textsOf = (of: Run) =>
  Array.from({ length: of.last - of.first + 1 }, (_, n) => formatNumber(of, of.first + n))

test('two runs have a number in common exactly if one is found, and it is one of both', () => {
  let common = 0
  fc.assert(
    fc.property(run, run, fc.boolean(), (one, another, sameFrame) => {
      const other = sameFrame ? { ...another, head: one.head, tail: one.tail } : another
      const [texts, others] = [new Set(textsOf(one)), new Set(textsOf(other))]
      const found = commonText(one, other)
      const expected = [...texts].some((text) => others.has(text))
      expect([one, other, found !== undefined]).toEqual([one, other, expected])
      if (found === undefined) return
      common += 1
      expect([texts.has(found), others.has(found)]).toEqual([true, true])
    }),
    { numRuns: 5_000 },
  )
  expect(common).toBeGreaterThan(50)
})
