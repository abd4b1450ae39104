import { tracedPrisma } from '../src'

test('without a span Prisma is used as it is', () => {
  const prisma = {
    $extends() {
      throw new Error('it costs something')
    },
  }
  expect(tracedPrisma(prisma, undefined)).toBe(prisma)
})
