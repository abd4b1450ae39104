import { spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { copyRepository, removeCopy, shellEnvironment } from './repository-copy'

// In a copy: an illegal file must not meet whoever builds here at this moment.
let copy: string
let complaints: Map<string, string[]>

const boundary = '@nx/enforce-module-boundaries'
const environment = 'no-restricted-properties'
const transaction = 'no-restricted-syntax'

/** What each file holds, and the rule that refuses it; none if it is allowed. */
const files: [what: string, file: string, text: string, rule: string | undefined][] = [
  [
    'an app imports another app',
    'apps/order-service/src',
    `import '@ordinal/user-service/src/users'`,
    boundary,
  ],
  [
    "an app imports another app's file",
    'apps/order-service/src',
    `import '../../user-service/src/users'`,
    boundary,
  ],
  ['an app imports a tool', 'apps/order-service/src', `import '@ordinal/local-stack/src/settings'`, boundary],
  [
    "an app imports another scope's library",
    'apps/order-service/src',
    `import '@ordinal/users-only'`,
    boundary,
  ],
  ['a library imports an app', 'libs/service/src', `import '@ordinal/order-service/src/orders'`, boundary],
  [
    "a library imports an app's file",
    'libs/service/src',
    `import '../../../apps/user-service/src/users'`,
    boundary,
  ],
  [
    'a library reads the environment',
    'libs/service/src',
    `export const port = process.env.PORT`,
    environment,
  ],
  ['an app reads the environment', 'apps/sequencer/src', `export const port = process.env.PORT`, environment],
  ['an app ends the process', 'apps/sequencer/src', `process.exit(1)`, environment],
  [
    "an app uses Prisma's transactions",
    'apps/user-service/src',
    `export const run = (prisma: { $transaction: () => void }) => prisma.$transaction()`,
    transaction,
  ],
  ['an app imports a shared library', 'apps/order-service/src', `import '@ordinal/service'`, undefined],
  [
    "an app imports its own scope's library",
    'apps/user-service/src',
    `import '@ordinal/users-only'`,
    undefined,
  ],
  ['a library imports a library', 'libs/service/src', `import '@ordinal/errors'`, undefined],
]
const fileOf = (index: number) => join(files[index]![1], `case-${index}.ts`)

beforeAll(() => {
  copy = copyRepository()
  addLibraryOfUsers()
  // Without the project graph the rule about projects is silent; with these files in it, the whole is one circle.
  run('nx', ['show', 'projects'])
  for (const [index, [, , text]] of files.entries()) writeFileSync(join(copy, fileOf(index)), `${text}\n`)
  complaints = lint(files.map((_, index) => fileOf(index)))
}, 120_000)
afterAll(() => removeCopy(copy))

test.each(files.map(([what, , , rule], index) => [what, rule ?? 'no rule', index] as const))(
  '%s: refused by %s',
  (_, rule, index) => {
    const told = complaints.get(join(copy, fileOf(index)))
    if (rule === 'no rule') expect(told).toEqual([])
    else expect(told).toContain(rule)
  },
)

test('a change to a library is a change to what uses it: nothing comes from the cache that should be built again', () => {
  const affected = run('nx', ['show', 'projects', '--affected', '--files', 'libs/database/src/pool.ts'])
  expect(affected.trim().split('\n')).toEqual(
    expect.arrayContaining(['database', 'service', 'user-service', 'order-service', 'sequencer']),
  )
})

/** The rules that each file breaks. */
function lint(paths: string[]): Map<string, string[]> {
  const output = run('eslint', ['--format', 'json', ...paths])
  const results = JSON.parse(output) as { filePath: string; messages: { ruleId: string }[] }[]
  return new Map(results.map(({ filePath, messages }) => [filePath, messages.map(({ ruleId }) => ruleId)]))
}

function run(program: string, args: string[]): string {
  const options = { cwd: copy, encoding: 'utf8', env: shellEnvironment(), maxBuffer: 2 ** 26 } as const
  const { stdout, stderr, status } = spawnSync(join(copy, 'node_modules/.bin', program), args, options)
  // 1 is eslint's word for a file with errors.
  if (status !== 0 && (program !== 'eslint' || status !== 1))
    throw new Error(`${program} failed: ${stdout}${stderr}`)
  return stdout
}

/** There is no library of one scope yet: here is one. */
function addLibraryOfUsers(): void {
  const folder = join(copy, 'libs/users-only')
  const manifest = {
    name: '@ordinal/users-only',
    version: '0.0.0',
    exports: { '.': './src/index.ts' },
    nx: { name: 'users-only', tags: ['type:lib', 'scope:users'] },
  }
  mkdirSync(dirname(join(folder, 'src/index.ts')), { recursive: true })
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: '../../tsconfig.base.json', include: ['src'] }),
  )
  writeFileSync(join(folder, 'src/index.ts'), `export {}\n`)
  symlinkSync('../../libs/users-only', join(copy, 'node_modules/@ordinal/users-only'))
}
