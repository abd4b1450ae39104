import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { loadEnvFile } from '../src'

let file: string
beforeAll(() => (file = join(mkdtempSync(join(tmpdir(), 'env-file-')), '.env')))
afterAll(() => rmSync(join(file, '..'), { recursive: true }))

function read(text: string | Buffer, env: Record<string, string> = {}): Record<string, string> {
  writeFileSync(file, text)
  loadEnvFile(file, env)
  return env
}

test('the environment wins, even where it is empty', () => {
  expect(read('A=file\nB=file\nC=file\n', { A: 'env', B: '' })).toEqual({ A: 'env', B: '', C: 'file' })
})

test('the environment wins where one has a secret and the other its file', () => {
  expect(read('A=file\nB_FILE=/b\nC=file\n', { A_FILE: '/a', B: 'env', C_FILE: '' })).toEqual({
    A_FILE: '/a',
    B: 'env',
    C: 'file',
    C_FILE: '',
  })
})

test('a file that does not exist says nothing', () => {
  const env = {}
  loadEnvFile(join(file, '..', 'missing'), env)
  expect(env).toEqual({})
})

const meant = { A: 'one', B: 'two words', C: 'a#b', D: '$A', E: '' }
const lines = ['A=one', 'export B="two words"', "C='a#b' # why", '# X=1', '', '  D = $A  ', 'E=']

test.each<[string, string | Buffer]>([
  ['as most write it', lines.join('\n')],
  ['with a byte order mark', `\uFEFF${lines.join('\n')}`],
  ['with the line breaks of Windows', lines.join('\r\n')],
  ['with both, and with a line break at its end', `\uFEFF${lines.join('\r\n')}\r\n`],
  ['as PowerShell redirects it', Buffer.from(`\uFEFF${lines.join('\r\n')}`, 'utf16le')],
])('a file %s', (_how, text) => {
  expect(read(text)).toEqual(meant)
})

test('a value in double quotes may have several lines, and \\n for a line break', () => {
  expect(read('KEY="-----BEGIN\nabc\n-----END"\nB="a\\nb"\n')).toEqual({
    KEY: '-----BEGIN\nabc\n-----END',
    B: 'a\nb',
  })
})

test('any value without a line break or a quote comes back from quotes, in any kind of file', () => {
  const name = fc.stringMatching(/^[A-Z][A-Z_]{0,9}$/)
  const value = fc.stringMatching(/^[^'\\\p{Cc}\p{Zl}\p{Zp}\uFEFF]{0,30}$/u)
  const shape = fc.record({
    start: fc.constantFrom('', '\uFEFF'),
    before: fc.constantFrom('', 'export ', '  '),
    end: fc.constantFrom('\n', '\r\n'),
    comment: fc.constantFrom('', ' # why', '#'),
  })
  fc.assert(
    fc.property(fc.dictionary(name, value, { noNullPrototype: true }), shape, (values, how) => {
      const rows = Object.entries(values).map(
        ([key, text]) => `${how.before}${key}='${text}'${how.comment}${how.end}`,
      )
      expect(read(how.start + rows.join(''))).toEqual(values)
    }),
  )
})
