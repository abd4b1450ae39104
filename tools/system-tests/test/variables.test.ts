import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { filesOfGit } from '../src/repository-copy'
import { prefixOf, root, serviceNames } from '../src/service'

interface Text {
  file: string
  text: string
}

const texts: Text[] = filesOfGit()
  .filter((file) => ['', '.cfg', '.js', '.md', '.mjs', '.sh', '.ts', '.yaml', '.yml'].includes(extname(file)))
  // The tests of the configuration have names that are wrong; this one has, too.
  .filter((file) => !/^(libs\/config\/test\/|CHANGELOG)|\/generated\/|\/variables\.test\.ts$/.test(file))
  .map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }))

const known = new Set(
  serviceNames
    .flatMap((service) => {
      const bundle = join(root, 'dist/apps', service, 'main.js')
      const described = execFileSync(process.execPath, [bundle, '--describe-config'], { encoding: 'utf8' })
      return JSON.parse(described) as { name: string; secret: boolean }[]
    })
    .flatMap(({ name, secret }) => (secret ? [name, `${name}_FILE`] : [name])),
)
const prefixes = serviceNames.map((service) => `${prefixOf(service)}_`)
/** `LOG_LEVEL`, of SEQUENCER_LOG_LEVEL: a name of which somebody may forget the first part. */
const rests = new Set(
  [...known].flatMap((name) => {
    const prefix = prefixes.find((each) => name.startsWith(each))
    return prefix === undefined ? [] : [name.slice(prefix.length)]
  }),
)
const isLikeOne = (name: string) =>
  rests.has(name) || (prefixes.some((prefix) => name.startsWith(prefix)) && !name.endsWith('_'))

/** The names like those of services' variables that something sets (`NAME=`, `NAME:`) and nothing reads, and where. */
function setInVain(from: readonly Text[]): string[] {
  const set = new Map<string, string>()
  const read = new Set<string>()
  for (const { file, text } of from)
    for (const [, uses, name, sets] of text.matchAll(
      /(\$[{(]?|\.)?\b([A-Z][A-Z0-9_]+)\b(['"\]]*[:=](?!=))?/g,
    )) {
      if (!isLikeOne(name!) || known.has(name!)) continue
      if (sets && !uses) set.set(name!, file)
      // A page that names a variable does not read it.
      else if (!file.endsWith('.md')) read.add(name!)
    }
  return [...set].filter(([name]) => !read.has(name)).map(([name, file]) => `${name} in ${file}`)
}

test('no variable is set that neither a service nor anything else reads', () => {
  expect(texts.length).toBeGreaterThan(500)
  expect(setInVain(texts)).toEqual([])
})

test.each(['LOG_LEVEL', 'SEQUENCER_LOG_LEVLE', 'USER_SERVICE_PATIENCE'])('%s would be found', (name) => {
  const found = [`${name} in a.ts`]
  const settings = [`${name}=x\n`, `{ ${name}: 'x' }`, `'${name}': x`, `["${name}"]: x`]
  for (const text of settings) expect(setInVain([{ file: 'a.ts', text }])).toEqual(found)
  const set = { file: 'a.ts', text: settings[0]! }
  expect(setInVain([set, { file: 'a.md', text: `As \`${name}\` says.` }])).toEqual(found)
  for (const text of [`echo \${${name}:-y}`, `process.env.${name} ?? 'y'`, `{ ${name} } = process.env`])
    expect(setInVain([set, { file: 'b.ts', text }])).toEqual([])
})
