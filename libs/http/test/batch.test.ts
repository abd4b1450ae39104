import fc from 'fast-check'
import { z } from 'zod'
import { isAppError } from '@ordinal/errors'
import { itemsOf } from '../src'

const item = z.strictObject({ some_name: z.string().min(2), size: z.int().optional() })
const items = itemsOf(item, 5)

test('items are read one by one: what is wrong with one is said of that one', () => {
  const [good, camel, bad, none] = items.parse([
    { some_name: 'ab', size: 1 },
    { someName: 'cd' },
    { someName: 'e', request_id: 'r-1' },
    null,
  ])
  expect([good, camel]).toEqual([{ value: { some_name: 'ab', size: 1 } }, { value: { some_name: 'cd' } }])
  expect(bad).toMatchObject({ request_id: 'r-1', error: { code: 'validation_failed' } })
  expect(none).toMatchObject({ request_id: undefined, error: { code: 'validation_failed' } })
})

test('whatever an item is, each has its place, and the good ones are those of the schema', () => {
  fc.assert(
    fc.property(fc.array(fc.anything(), { minLength: 1, maxLength: 5 }), (given) => {
      const read = items.parse(given)
      expect(read).toHaveLength(given.length)
      read.forEach((each, index) => {
        if ('value' in each) expect(each.value).toEqual(item.parse(given[index]))
        else expect([isAppError(each.error), item.safeParse(given[index]).success]).toEqual([true, false])
      })
    }),
  )
})

test('there is at least one, and no more than the most', () => {
  for (const length of [0, 6]) expect(items.safeParse(Array(length).fill({})).success).toBe(false)
})

test('a document of the schema has that of the item', () => {
  const { properties } = z.toJSONSchema(items, { io: 'input' }).items as { properties: object }
  expect(properties).toEqual((z.toJSONSchema(item, { io: 'input' }) as { properties: object }).properties)
})
