import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { csvCell } from '@ordinal/audit'

test.each([
  ['=1+1', "'=1+1"],
  ['+1', "'+1"],
  ['-1', "'-1"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\t=1', "'\t=1"],
  ['\r=1', `"'\r=1"`],
  [' =1', "' =1"],
  ['＝1', "'＝1"],
  ['\n=1', `"'\n=1"`],
  ['a"b', '"a""b"'],
  ['a\nb', '"a\nb"'],
  ['a=b', 'a=b'],
  [-1, '-1'],
  [null, ''],
])('a cell with %j is %j', (value, cell) => expect(csvCell(value)).toBe(cell))

test('a cell is read back as it was, and never begins as a formula does', () => {
  const character = fc.constantFrom(
    '=',
    '+',
    '-',
    '@',
    '＝',
    ' ',
    '\t',
    '\r',
    '\n',
    '"',
    ',',
    ';',
    "'",
    'a',
    '1',
    'é',
  )
  const text = fc.string({ unit: character, minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(text, (value) => {
      const [[read]] = parse(`${csvCell(value)},end\r\n`) as [[string]]
      expect([value, `'${value}`]).toContain(read)
      expect(read.trimStart()).not.toMatch(/^[=+\-@＝＋－＠]/)
    }),
  )
})
