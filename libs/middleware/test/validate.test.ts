import { z } from 'zod'
import type { AppError } from '@ordinal/errors'
import { validated } from '../src'

const schema = z.strictObject({
  user_id: z.int().min(1),
  total_price: z.number().optional(),
  items: z.array(z.strictObject({ sku: z.string() })).optional(),
})
const parse = validated('body', schema)

function refusal(work: () => unknown): AppError {
  try {
    work()
  } catch (error) {
    return error as AppError
  }
  throw new Error('It was not refused')
}

test('a value that fits is given as the schema makes it', () => {
  expect(validated('query', z.strictObject({ page: z.coerce.number() }))({ page: '7' })).toEqual({ page: 7 })
})

test('names in lowerCamelCase stand for those in snake_case', () => {
  expect(parse({ userId: 7, totalPrice: 1.5 })).toEqual({ user_id: 7, total_price: 1.5 })
})

test('the value that was given is left as it is', () => {
  const given = { userId: 7 }
  parse(given)
  expect(given).toEqual({ userId: 7 })
})

test.each([
  ['a missing field', {}, [{ path: 'body.user_id', message: 'is missing' }]],
  [
    'a field of another type',
    { user_id: '7' },
    [{ path: 'body.user_id', message: 'must be a number, not a text' }],
  ],
  [
    'a field deep inside',
    { user_id: 7, items: [{ sku: 'a' }, { sku: 1 }] },
    [{ path: 'body.items.1.sku', message: expect.any(String) as string }],
  ],
  [
    'a field that is not known',
    { user_id: 7, colour: 'red' },
    [{ path: 'body.colour', message: 'is not a field of this request' }],
  ],
  [
    'one not known deep inside',
    { user_id: 7, items: [{ sku: 'a', x: 1 }] },
    [{ path: 'body.items.0.x', message: 'is not a field of this request' }],
  ],
  ['no object at all', 'text', [{ path: 'body', message: 'must be an object, not a text' }]],
  ['nothing', undefined, [{ path: 'body', message: 'is missing' }]],
])('%s is named by its path', (_, value, errors) => {
  const error = refusal(() => parse(value))
  expect(error.code).toBe('validation_failed')
  expect(error.errors).toEqual(errors)
  expect(error.message).toBe(`${error.errors![0]!.path}: ${error.errors![0]!.message}`)
})

test.each([
  ['must be a text, not null', z.string(), null],
  ['must be a text, not a number', z.string(), 7],
  ['must be true or false, not a text', z.boolean(), 'yes'],
  ['must be a list, not an object', z.array(z.string()), {}],
  ['must be an object, not a list', z.object({}), []],
  ['must be a whole number', z.int(), 1.5],
  ['must be a number', z.coerce.number(), 'seven'],
  ['must be at least 1', z.int().min(1), 0],
  ['must be at most 9', z.int().max(9), 10],
  ['must be more than 0', z.number().gt(0), 0],
  ['must have at least 1 character', z.string().min(1), ''],
  ['must have at most 3 characters', z.string().max(3), 'four'],
  ['must have at least 2 entries', z.array(z.string()).min(2), ['a']],
  ['must be one of "open", "closed"', z.enum(['open', 'closed']), 'ajar'],
  ['must be "INV"', z.literal('INV'), 'ORD'],
  ['must be a multiple of 0.01', z.number().multipleOf(0.01), 0.001],
  ['is empty', z.string().min(1, 'is empty'), ''],
  ['is no name', z.string('is no name'), null],
])('a fault is told in words: it %s', (message, field, value) => {
  const { errors } = refusal(() => validated('body', z.object({ field }))({ field: value })) as unknown as {
    errors: unknown
  }
  expect(errors).toEqual([{ path: 'body.field', message }])
})

test('a message never repeats what was sent', () => {
  const error = refusal(() => parse({ user_id: 'hidden', total_price: 'hidden' }))
  expect(error.errors).toHaveLength(2)
  expect(JSON.stringify([error.message, error.errors])).not.toContain('hidden')
})

test('a wrong id in a path has its own code', () => {
  const params = validated('params', z.strictObject({ id: z.coerce.number().int() }))
  expect(refusal(() => params({ id: 'abc' }))).toMatchObject({
    code: 'invalid_id',
    message: '"abc" is not an id: ids are whole numbers from 1',
  })
})

test('of many faults the first are listed, with the number of the others', () => {
  const unknown = Object.fromEntries(Array.from({ length: 9_000 }, (_, n) => [`${'x'.repeat(300)}${n}`, 1]))
  const { errors = [] } = refusal(() => parse({ user_id: 7, ...unknown }))
  expect(errors).toHaveLength(21)
  expect(errors[0]!.path).toBe(`body.${'x'.repeat(195)}…`)
  expect(errors[20]).toEqual({ path: '', message: 'and 8980 more' })
})

test.each([
  [z.iso.date(), '2026-02-30', 'field: must be a date that there is, such as 2026-11-29'],
  [z.iso.datetime(), 'now', 'field: must be a time such as 2026-11-29T03:43:00Z'],
  [z.uuid(), 'x', 'field: must be a UUID, such as 019354a5-2bb4-7c53-a7d0-1f0e5c6b7a89'],
])('a text in another form than %# is told the form', (type, value, detail) => {
  const read = validated(undefined, z.strictObject({ field: type }))
  expect(refusal(() => read({ field: value })).message).toBe(detail)
})

test('a message that is no object is named as a whole', () => {
  const error = refusal(() => validated(undefined, schema)(null))
  expect(error.message).toBe('The request must be an object, not null')
  expect(error.errors).toEqual([{ path: '', message: 'must be an object, not null' }])
})
