import { int8sAsNumbers } from '../src/int8'

test('the int8s of a row of Prisma become numbers, and all else stays as it is', () => {
  const at = new Date()
  const row = { id: 7n, least: -(2n ** 53n - 1n), name: '7', none: null, at }
  expect(int8sAsNumbers(row)).toEqual({ id: 7, least: -(2 ** 53 - 1), name: '7', none: null, at })
})

test('an int8 that no number can hold is an error, never a rounded value', () => {
  expect(() => int8sAsNumbers({ id: 2n ** 53n })).toThrow(RangeError)
})
