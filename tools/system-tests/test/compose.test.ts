import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, serviceNames } from '../src/service'

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
