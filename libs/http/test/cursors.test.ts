import { isAppError } from '@ordinal/errors'
import fc from 'fast-check'
import { z } from 'zod'
import { cursorsOf } from '../src'

const users = cursorsOf('users', z.tuple([z.int().min(1)]), [0])
const gaps = cursorsOf('gaps', z.tuple([z.int().min(1)]))
const feed = cursorsOf('feed', z.tuple([z.int(), z.string(), z.int()]))

const ids = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })
const filters = fc.record(
  {
    search: fc.string({ unit: 'grapheme' }),
    active: fc.boolean(),
    user_id: ids,
    from: fc.date({ noInvalidDate: true }),
  },
  { requiredKeys: [] },
)

function refusalOf(read: () => unknown): unknown {
  try {
    return read()
  } catch (error) {
    return isAppError(error) ? [error.status, error.errors?.[0]?.path] : error
  }
}
const refused = [400, 'query.cursor']

test('a cursor leads back to the place that it was written for, whatever the order of the filters', () => {
  fc.assert(
    fc.property(ids, filters, (id, filter) => {
      const other = Object.fromEntries(Object.entries({ ...filter, page: undefined }).reverse())
      expect(users.read(users.write([id], filter), other)).toEqual([id])
    }),
  )
  fc.assert(
    fc.property(fc.integer(), fc.string({ unit: 'grapheme' }), fc.integer(), (...place) => {
      expect(feed.read(feed.write(place))).toEqual(place)
    }),
  )
})

test('a cursor with other filters is refused', () => {
  fc.assert(
    fc.property(ids, filters, filters, (id, filter, other) => {
      fc.pre(JSON.stringify(sorted(filter)) !== JSON.stringify(sorted(other)))
      expect(refusalOf(() => users.read(users.write([id], filter), other))).toEqual(refused)
    }),
  )
})
const sorted = (filter: object) => Object.entries(filter).sort()

test('a cursor of another list is refused, also of one with the same shape', () => {
  fc.assert(
    fc.property(ids, filters, (id, filter) => {
      const cursor = gaps.write([id], filter)
      expect(refusalOf(() => users.read(cursor, filter))).toEqual(refused)
      expect(refusalOf(() => feed.read(cursor, filter))).toEqual(refused)
    }),
  )
})

test('a cursor that was altered in one place, cut or lengthened is refused', () => {
  const signs = fc.constantFrom(
    ...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/ !',
    '\n',
    'é',
  )
  fc.assert(
    fc.property(ids, fc.nat(), fc.nat(1), signs, (id, at, without, sign) => {
      const cursor = users.write([id])
      const index = at % (cursor.length + 1)
      const altered = cursor.slice(0, index) + sign + cursor.slice(index + without)
      fc.pre(altered !== cursor)
      expect(refusalOf(() => users.read(altered))).toEqual(refused)
      expect(refusalOf(() => users.read(cursor.slice(0, index - 1)))).toEqual(refused)
    }),
    { numRuns: 1_000 },
  )
})

test('whatever else is sent, it is 400 and no fault of ours', () => {
  const encoded = fc.json().map((text) => Buffer.from(text).toString('base64url'))
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.base64String(), encoded), (cursor) => {
      fc.pre(cursor !== '0')
      expect(refusalOf(() => users.read(cursor))).toEqual(refused)
    }),
    { numRuns: 1_000 },
  )
})

test.each([
  ['as earlier releases wrote them', [7]],
  ['without a place', []],
  ['with a digest of something else', [7, 'AAAAAAAAAAAA']],
  ['with a text for an id', ['7', 'AAAAAAAAAAAA']],
])('a cursor %s is refused', (_what, content) => {
  const cursor = Buffer.from(JSON.stringify(content)).toString('base64url')
  expect(refusalOf(() => users.read(cursor))).toEqual(refused)
})

test('0 is the beginning of a list that has one, and nothing elsewhere; no cursor is none', () => {
  expect(users.read('0', { active: true })).toEqual([0])
  expect(refusalOf(() => gaps.read('0'))).toEqual(refused)
  expect(users.read(undefined)).toBeUndefined()
})
