import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { buildSync } from 'esbuild'
import { Function, Line, Location, Profile, StringTable } from 'pprof-format'
import { nameSources } from '../src/name-sources'
import { readSourceMap } from '../src/source-map'

const folder = mkdtempSync(path.join(tmpdir(), 'ordinal-name-sources-'))
const program = path.join(folder, 'dist/main.js')
let lines: string[]

beforeAll(() => {
  writeFileSync(path.join(folder, 'one.ts'), `\nexport function start(): number { return 1 }\n`)
  writeFileSync(
    path.join(folder, 'two.ts'),
    `\n\nfunction start(): number { return 2 }\nconst sha256 = (): number => 3\nexport const two = [start, sha256, () => 4]\n`,
  )
  writeFileSync(
    path.join(folder, 'main.ts'),
    `import { start } from './one'\nimport { two } from './two'\nconsole.log(start, two)\n`,
  )
  buildSync({
    absWorkingDir: folder,
    entryPoints: ['main.ts'],
    outfile: program,
    bundle: true,
    format: 'cjs',
    minifyWhitespace: true,
    sourcemap: true,
  })
  lines = readFileSync(program, 'utf8').split('\n')
})
afterAll(() => rmSync(folder, { recursive: true }))

/** A profile with these functions, each in a file and at a piece of the text there; as the library makes it. */
function profileOf(functions: [name: string, file: string, text: string][]): Profile {
  const stringTable = new StringTable()
  const made = functions.map(([name, file, text], index) => {
    const line = lines.findIndex((each) => each.includes(text))
    const place = file === program ? { line: line + 1, column: lines[line]!.indexOf(text) + 1 } : { line: 7 }
    const id = index + 1
    return {
      function: new Function({ id, name: stringTable.dedup(name), filename: stringTable.dedup(file) }),
      location: new Location({ id, line: [new Line({ functionId: id, ...place })] }),
    }
  })
  return new Profile({
    stringTable,
    function: made.map((each) => each.function),
    location: made.map((each) => each.location),
  })
}

/** Each location as a viewer shows it, from the encoded profile. */
function shown(profile: Profile): string[] {
  const decoded = Profile.decode(profile.encode())
  const text = (index: number | bigint) => decoded.stringTable.strings[Number(index)]
  return decoded.location.map(({ line: [line] }) => {
    const { name, filename } = decoded.function.find(({ id }) => id === line!.functionId)!
    return `${text(name)} ${text(filename)}:${line!.line}`
  })
}

test('functions have the names, files and lines of their sources, also where a bundle had to rename them', async () => {
  const profile = profileOf([
    ['start', program, '(){return 1}'],
    ['start2', program, '(){return 2}'],
    ['sha256', program, '()=>3'],
    ['(anonymous:L#1:C#99)', program, '()=>4'],
  ])
  expect(shown(nameSources(profile, program, (await readSourceMap(program))!))).toEqual([
    'start one.ts:2',
    'start two.ts:3',
    'sha256 two.ts:4',
    '(anonymous:5) two.ts:5',
  ])
})

test('what the library takes for one function because of its name is two if the sources are', async () => {
  const profile = profileOf([
    ['start', program, '(){return 1}'],
    ['start', program, '(){return 2}'],
  ])
  profile.location[1]!.line[0]!.functionId = 1
  expect(shown(nameSources(profile, program, (await readSourceMap(program))!))).toEqual([
    'start one.ts:2',
    'start two.ts:3',
  ])
})

test('what is not from the program stays as it is', async () => {
  const profile = profileOf([
    ['processTicksAndRejections', 'node:internal/process/task_queues', ''],
    ['Garbage Collection', '', ''],
  ])
  const before = shown(profile)
  expect(shown(nameSources(profile, program, (await readSourceMap(program))!))).toEqual(before)
})
