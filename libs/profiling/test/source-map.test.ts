import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { SourceMap as NodeSourceMap, type SourceMapPayload } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { buildSync } from 'esbuild'
import fc from 'fast-check'
import { readSourceMap } from '../src/source-map'

const folder = mkdtempSync(path.join(tmpdir(), 'ordinal-source-map-'))
const program = path.join(folder, 'main.js')
const root = path.resolve(__dirname, '../../..')
let lines: string[]

beforeAll(() => {
  buildSync({
    absWorkingDir: root,
    entryPoints: ['libs/errors/src/index.ts'],
    outfile: program,
    bundle: true,
    platform: 'node',
    minifyWhitespace: true,
    lineLimit: 120,
    sourcemap: true,
    sourcesContent: false,
  })
  lines = readFileSync(program, 'utf8').split('\n')
})
afterAll(() => rmSync(folder, { recursive: true }))

const position = fc.nat().chain((line) => {
  const index = line % lines.length
  return fc.record({
    line: fc.constant(index + 1),
    column: fc.integer({ min: 1, max: lines[index]!.length + 2 }),
  })
})

test('any places in a bundle lead where the map of Node has them', async () => {
  const payload = JSON.parse(readFileSync(`${program}.map`, 'utf8')) as SourceMapPayload
  const theirs = new NodeSourceMap(payload)
  const ours = (await readSourceMap(program))!
  fc.assert(
    fc.property(fc.array(position, { maxLength: 20 }), (positions) => {
      const expected = positions.map(({ line, column }) => {
        const entry = theirs.findEntry(line - 1, column - 1)
        // Node goes on to look in the lines above.
        const isHere = 'generatedLine' in entry && entry.generatedLine === line - 1
        return isHere ? [entry.originalSource.replace(/^(\.\.\/)+/, ''), entry.originalLine + 1] : undefined
      })
      const found = ours.originals(positions)
      expect(
        found.map((original) => original && [original.file.split('/').slice(-4).join('/'), original.line]),
      ).toEqual(expected.map((each) => each && [String(each[0]).split('/').slice(-4).join('/'), each[1]]))
    }),
    { numRuns: 300 },
  )
})

test('a class of a bundle leads to its source, its line and its name', async () => {
  const map = (await readSourceMap(program))!
  const line = lines.findIndex((text) => text.includes('AppError=class'))
  const [original] = map.originals([{ line: line + 1, column: lines[line]!.indexOf('AppError=class') + 1 }])
  const source = readFileSync(path.join(root, 'libs/errors/src/app-error.ts'), 'utf8').split('\n')
  expect(original!.file).toMatch(/libs\/errors\/src\/app-error\.ts$/)
  expect(source[original!.line - 1]).toContain('class AppError')
})

test('places that are not in the program are from no source', async () => {
  const map = (await readSourceMap(program))!
  expect(
    map.originals([
      { line: 1_000_000, column: 1 },
      { line: 0, column: 0 },
    ]),
  ).toEqual([undefined, undefined])
  expect(map.originals([])).toEqual([])
})

test('a program without a map has none', async () => {
  expect(await readSourceMap(path.join(folder, 'other.js'))).toBeUndefined()
})
