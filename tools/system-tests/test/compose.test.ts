import { execFileSync } from 'node:child_process'
import { cpSync, readFileSync } from 'node:fs'
import { join, matchesGlob } from 'node:path'
import { root, serviceNames } from '../src/service'
import { copyRepository, removeCopy } from '../src/repository-copy'

const lines = readFileSync(join(root, 'docker-compose.yml'), 'utf8').split('\n')

/** The lines that are indented under a line, from the first one that is this. */
function under(line: string, of: readonly string[] = lines): string[] {
  const start = of.indexOf(line)
  if (start < 0) throw new Error(`docker-compose.yml has no line "${line}"`)
  const indent = line.search(/\S/)
  const rest = of.slice(start + 1)
  const end = rest.findIndex((other) => other !== '' && other.search(/\S/) <= indent)
  return end < 0 ? rest : rest.slice(0, end)
}
const namesIn = (block: readonly string[]) =>
  block.flatMap((line) => /^ +([A-Z][A-Z_]+):/.exec(line)?.[1] ?? [])

test.each(serviceNames)('the container of %s gets each of its variables, and no other', (service) => {
  const described = execFileSync(
    process.execPath,
    [join(root, 'dist/apps', service, 'main.js'), '--describe-config'],
    { encoding: 'utf8' },
  )
  const variables = (JSON.parse(described) as { name: string }[]).map(({ name }) => name)
  const environment = under('    environment:', under(`  ${service}:`))
  const ofAll = under('x-variables-of-all: &variables-of-all')
  expect(environment).toContain('      <<: *variables-of-all')

  const passed = [...namesIn(ofAll), ...namesIn(environment)]
  expect(passed.sort()).toEqual(variables.sort())
})

test('no container gets a whole file of variables', () => {
  expect(lines.filter((line) => /\benv_file:/.test(line))).toEqual([])
})

test('what the images are made from is enough for their bundles', () => {
  const copy = copyRepository(isInBuildContext)
  try {
    // The sequencer takes the console's files into its folder.
    execFileSync(process.execPath, ['build.mjs'], { cwd: join(copy, 'apps/console') })
    for (const service of serviceNames) {
      const generated = join('apps', service, 'src/generated')
      cpSync(join(root, generated), join(copy, generated), { recursive: true })
      const bundle = join(copy, 'tools/build/src/bundle.mjs')
      execFileSync(process.execPath, [bundle], { cwd: join(copy, 'apps', service) })
      execFileSync(process.execPath, [join(copy, 'dist/apps', service, 'main.js'), '--help'])
    }
  } finally {
    removeCopy(copy)
  }
})

/** Reads .dockerignore as Docker does, as far as it goes: of the patterns that match, the last one decides. */
function isInBuildContext(file: string): boolean {
  const rules = readFileSync(join(root, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  const matches = (pattern: string) => matchesGlob(file, pattern) || matchesGlob(file, `${pattern}/**`)
  const last = rules.findLast((rule) => matches(rule.replace(/^!/, '')))
  return last?.startsWith('!') ?? false
}
