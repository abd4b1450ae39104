import { csvCell } from '../src/audit/export'

test.each([
  ['=1+1', "'=1+1"],
  ['+1', "'+1"],
  ['-1', "'-1"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\t=1', "'\t=1"],
  ['\r=1', `"'\r=1"`],
  ['a"b', '"a""b"'],
  ['a\nb', '"a\nb"'],
  ['a=b', 'a=b'],
  [-1, '-1'],
  [null, ''],
])('a cell with %j is %j', (value, cell) => expect(csvCell(value)).toBe(cell))
