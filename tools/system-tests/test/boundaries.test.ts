import { spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { copyRepository, removeCopy, shellEnvironment } from '../src/repository-copy'

// In a copy: an illegal file must not meet whoever builds here at this moment.
let copy: string
let complaints: Map<string, string[]>

const boundary = '@nx/enforce-module-boundaries'
const environment = 'no-restricted-properties'
const syntax = 'no-restricted-syntax'
const imports = 'no-restricted-imports'
const circle = 'rooms/no-import-circle'
const printing = 'no-console'

const sequencer = 'apps/sequencer/src'
const orders = 'apps/order-service/src'
const users = 'apps/user-service/src'

const asks = `export const all = (db: { query: (sql: string) => void }) => db.query('SELECT 1')`

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
  ['an app imports a tool', 'apps/order-service/src', `import '@ordinal/local-stack'`, boundary],
  [
    "an app imports another scope's library",
    'apps/order-service/src',
    `import '@ordinal/users-only'`,
    boundary,
  ],
  ['a library imports an app', 'libs/service/src', `import '@ordinal/order-service/src/app'`, boundary],
  [
    "a library imports an app's file",
    'libs/service/src',
    `import '../../../apps/user-service/src/users'`,
    boundary,
  ],
  ['a package imports a library', 'packages/client/src', `import '@ordinal/errors'`, boundary],
  ['an app imports a package', 'apps/order-service/src', `import '@ordinal/client'`, boundary],
  [
    'a library reads the environment',
    'libs/service/src',
    `export const port = process.env.PORT`,
    environment,
  ],
  ['an app reads the environment', 'apps/sequencer/src', `export const port = process.env.PORT`, environment],
  ['an app ends the process', 'apps/sequencer/src', `process.exit(1)`, environment],
  ['a test prints', 'libs/service/test', `console.log('here')`, printing],
  ['a program of a test prints', 'libs/service/test/fixtures', `console.log('ready')`, undefined],
  ...[users, `${orders}/orders`, `${sequencer}/ledger`].flatMap((folder): typeof files => [
    [
      "an app uses Prisma's transactions",
      folder,
      `export const run = (prisma: { $transaction: () => void }) => prisma.$transaction()`,
      syntax,
    ],
    [
      'an app sends SQL through Prisma',
      folder,
      'export const run = (prisma: { $queryRaw: (sql: unknown) => void }) => prisma.$queryRaw`SELECT 1`',
      syntax,
    ],
    [
      'an app has an id of the type bigint',
      folder,
      `export const id: bigint | undefined = undefined`,
      syntax,
    ],
  ]),
  ['an app imports a shared library', 'apps/order-service/src', `import '@ordinal/service'`, undefined],
  [
    "an app imports its own scope's library",
    'apps/user-service/src',
    `import '@ordinal/users-only'`,
    undefined,
  ],
  ['a library imports a library', 'libs/service/src', `import '@ordinal/errors'`, undefined],
  ['a room imports one above it', `${sequencer}/numbers`, `import '../sites/service'`, imports],
  ['a room imports one that it may not', `${sequencer}/audit`, `import '../ledger/queries'`, imports],
  ['a room imports what wires it', `${sequencer}/ledger`, `import '../config'`, imports],
  [
    'a folder of a room imports another room',
    `${sequencer}/audit/queries`,
    `import '../../ledger/queries'`,
    imports,
  ],
  [
    'a folder of a room imports what is above it',
    `${sequencer}/audit/queries`,
    `import '../verify'`,
    imports,
  ],
  ['a port imports a port', `${sequencer}/numbers`, `import './routes'`, imports],
  ['a service imports a port', `${sequencer}/sites`, `import './draw-routes'`, imports],
  ['a room imports one above it', `${orders}/numbering`, `import '../orders/service'`, imports],
  ['a room imports one that it may not', `${orders}/events`, `import '../clients/users'`, imports],
  ['a room imports what wires it', `${orders}/clients`, `import '../config'`, imports],
  ['a port imports a port', `${orders}/orders`, `import './routes'`, imports],
  ['the domain knows a database', `${sequencer}/domain`, `import 'pg'`, imports],
  ['the domain knows a database', `${orders}/domain`, `import 'pg'`, imports],
  ["a service imports Prisma's client", `${sequencer}/sites`, `import '../generated/prisma/client'`, imports],
  ["a service imports Prisma's client", `${orders}/orders`, `import '../generated/prisma/client'`, imports],
  ["a service imports Prisma's client", users, `import './generated/prisma/client'`, imports],
  ['a file imports itself through another', `${sequencer}/demos`, `import './partner'`, circle],
  ...[`${sequencer}/sites`, `${orders}/orders`, users].flatMap((folder): typeof files => [
    [
      'a service asks the database',
      folder,
      `export const all = (db: { query: (sql: string) => void }) => db.query(String())`,
      syntax,
    ],
    ['a service writes SQL', folder, `export const all = 'SELECT * FROM public.sites'`, syntax],
  ]),
  ...[`${sequencer}/ledger`, `${orders}/numbering`].map((folder): (typeof files)[number] => [
    'Prisma writes where a promise is kept',
    folder,
    `export const write = (prisma: { order: { create: () => void } }) => prisma.order.create()`,
    syntax,
  ]),
  [
    'a service writes SQL in a template',
    `${sequencer}/audit`,
    'export const all = (table: string) => `SELECT * FROM ${table}`',
    syntax,
  ],
  ['a room imports one below it', `${sequencer}/sites`, `import '../numbers/service'`, undefined],
  ['a room imports one below it', `${orders}/orders`, `import '../numbering/queries'`, undefined],
  ['a folder queries/ asks the database', `${sequencer}/audit/queries`, asks, undefined],
  ['a folder queries/ asks the database', `${orders}/numbering/queries`, asks, undefined],
  ['a folder queries/ asks the database', `${users}/queries`, asks, undefined],
  ['the ledger asks the database', `${sequencer}/ledger`, asks, undefined],
  [
    'Prisma writes a row of a user',
    users,
    `export const write = (prisma: { user: { create: () => void } }) => prisma.user.create()`,
    undefined,
  ],
]
const fileOf = (index: number) => join(files[index]![1], `case-${index}.ts`)

beforeAll(() => {
  copy = copyRepository()
  addLibraryOfUsers()
  // Without the project graph the rule about projects is silent; with these files in it, the whole is one circle.
  run('nx', ['show', 'projects'])
  for (const [index, [, folder, text]] of files.entries()) {
    mkdirSync(join(copy, folder), { recursive: true })
    writeFileSync(join(copy, fileOf(index)), `${text}\n`)
  }
  const back = files.findIndex(([, , , rule]) => rule === circle)
  writeFileSync(join(copy, sequencer, 'demos/partner.ts'), `import './case-${back}'\n`)
  complaints = lint(files.map((_, index) => fileOf(index)))
}, 600_000)
afterAll(() => removeCopy(copy))

test.each(files.map(([what, folder, , rule], index) => [what, folder, rule ?? 'no rule', index] as const))(
  '%s, in %s: refused by %s',
  (_what, _folder, rule, index) => {
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
