import fc from 'fast-check'
import { totalShownBy } from '../src/lists'

test('a page shows the total exactly if the list ends on it, or if there is none', () => {
  fc.assert(
    fc.property(
      fc.nat(300),
      fc.integer({ min: 1, max: 400 }),
      fc.integer({ min: 1, max: 100 }),
      (total, page, page_size) => {
        const before = (page - 1) * page_size
        const rows = Math.min(Math.max(total - before, 0), page_size + 1)
        const isLast = total <= page * page_size && (total > before || page === 1)
        expect(totalShownBy(rows, { page, page_size })).toBe(isLast ? total : undefined)
      },
    ),
  )
})
