import fc from 'fast-check'
import { etagOf, unlessKnown, versionsIn } from '../src/conditions'

const version = fc.integer({ min: 0, max: 999_999_999 })
/** How a tag may come back from where it passed through: weak, marked as compressed, without quotes. */
const written = fc
  .record({
    weak: fc.constantFrom('', 'W/', 'w/'),
    quote: fc.constantFrom('"', ''),
    depends: fc.constantFrom('', '-unnumbered', '-no-user', '-unnumbered-user-7'),
    compressed: fc.constantFrom('', '-gzip', '--gzip', ';gzip', '-br', '-zstd'),
  })
  .map(
    ({ weak, quote, depends, compressed }) =>
      (version: number) =>
        `${weak}${quote}${version}${depends}${compressed}${quote}`,
  )
const spaces = fc.constantFrom('', ' ', '  ', '\t')

test('every way in which a tag comes back names its version', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(version, written, spaces), { minLength: 1, maxLength: 5 }), (tags) => {
      const header = tags.map(([version, write, space]) => `${space}${write(version)}${space}`).join(',')
      expect(versionsIn(header)).toEqual(tags.map(([version]) => version))
    }),
  )
})

test('an ETag names the version that it is made of', () => {
  const part = fc.constantFrom('unnumbered', 'no-user', 'user-7', 'user-0f3a')
  fc.assert(
    fc.property(version, fc.array(part, { maxLength: 3 }), (version, parts) => {
      expect(versionsIn(etagOf(version, ...parts))).toEqual([version])
    }),
  )
  expect([etagOf(2), etagOf(2, 'unnumbered', 'user-7')]).toEqual(['"2"', '"2-unnumbered-user-7"'])
})

test('what is no tag names no version, and never any', () => {
  const pieces = fc.constantFrom('"', 'W/', '1x', 'x', '01', '1.5', '-1', '99999999999', '1_', ' ', '*', '**')
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 6 }), (parts) => {
      const header = parts.join('')
      fc.pre(header.trim() !== '*' && !/(?<![\w.*-])"?\d{1,9}(?:-[a-z0-9-]+)?"?(?![\w.*"-])/.test(header))
      expect([header, versionsIn(header)]).toEqual([header, []])
    }),
  )
})

test('* is any version, and so is no header', () => {
  for (const header of ['*', ' * ', undefined]) expect(versionsIn(header)).toBeUndefined()
})

const read = { status: 200, body: { name: 'thing' }, headers: { ETag: '"2-user-7"' } }

test.each(['"2-user-7"', 'W/"2-user-7"', '2-user-7', '"2-user-7-gzip"', '"1", W/"2-user-7"', '*'])(
  'If-None-Match: %s is what the caller has',
  (ifNoneMatch) => {
    const { status, body, headers } = unlessKnown(read, { 'if-none-match': ifNoneMatch })
    expect([status, body, headers]).toEqual([304, null, { ETag: '"2-user-7"' }])
  },
)

test.each(['"2"', '"2-user-6"', '"3-user-7"', '"1-user-7"', '', 'x', '"*"'])(
  'If-None-Match: %s is something else',
  (ifNoneMatch) => {
    expect(unlessKnown(read, { 'if-none-match': ifNoneMatch })).toBe(read)
  },
)

test('what is read may be required to have a version', () => {
  for (const ifMatch of ['"2"', 'W/"2-user-7"', '*'])
    expect(unlessKnown(read, { 'if-match': ifMatch })).toBe(read)
  for (const ifMatch of ['"1"', 'x', ''])
    expect(() => unlessKnown(read, { 'if-match': ifMatch })).toThrow('The ETag is "2-user-7"')
})
