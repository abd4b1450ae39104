import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

// What holds in an app that is divided into rooms (docs/decisions/0055-rooms.md), and where its SQL and its Prisma stand
// (docs/decisions/0057-prisma-and-sql.md). Each app brings a table: `eslint.rooms.mjs` in its folder.

/**
 * @param table.app the app's folder in `apps/`
 * @param table.rooms which room may import which, from the bottom up: only rooms before it, so that no two import each other,
 *   whatever lies between them
 * @param table.statements the files, besides those named so, in which SQL stands
 * @param table.prisma the files, besides each `repository.ts`, that import Prisma's client
 * @param table.writes whether Prisma may write: if no statement of its tables carries a promise
 * @param table.pure what `domain/` may import
 * @param everywhere what `no-restricted-syntax` refuses in every app
 * @param folder where the app is
 */
export function roomsOf(table, everywhere, folder = `apps/${table.app}`) {
  const { rooms, pure = '', writes = false } = table
  requireOrder(rooms)
  const inSource = (files) => files.map((file) => `${folder}/src/${file}`)
  const repositories = ['', ...Object.keys(rooms).map((room) => `${room}/`)].map(
    (room) => `${room}repository.ts`,
  )
  const withPrisma = [...repositories, ...(table.prisma ?? [])]
  const withSql = ['**/repository.ts', '**/queries.ts', '**/*-queries.ts', '**/queries/*.ts']
  const mayImport = (files, allowed, patterns) => ({
    files: inSource(files),
    rules: { 'no-restricted-imports': ['error', { patterns: [ports, ...allowed, ...patterns] }] },
  })

  return [
    {
      files: inSource(['**/*.ts']),
      plugins: { rooms: { rules: { 'no-import-circle': noImportCircle } } },
      rules: { 'rooms/no-import-circle': 'error' },
    },
    { ...mayImport(['*.ts'], [], [prismaClient]), ignores: inSource(['app.ts', ...withPrisma]) },
    ...Object.entries(rooms).flatMap(([room, lower]) => {
      const patterns = room === 'domain' ? [impure(pure)] : []
      return [
        mayImport([`${room}/*.ts`], [others(folder, room, '', lower)], patterns),
        mayImport([`${room}/*/*.ts`], [others(folder, room, '\\.\\./', lower)], patterns),
        ...withPrisma
          .filter((file) => file.startsWith(`${room}/`))
          .map((file) => mayImport([file], [others(folder, room, '', [...lower, 'generated'])], patterns)),
      ]
    }),
    syntax(inSource(['**/*.ts']), [...everywhere, ...(writes ? [] : [prismaWrite]), ...sql]),
    syntax(inSource([...withSql, ...(table.statements ?? [])]), [
      ...everywhere,
      ...(writes ? [] : [prismaWrite]),
    ]),
  ]
}

function requireOrder(rooms) {
  const order = Object.keys(rooms)
  for (const [room, allowed] of Object.entries(rooms))
    for (const lower of allowed)
      if (!order.slice(0, order.indexOf(room)).includes(lower))
        throw new Error(`${room}/ may import ${lower}/, which is not before it: that could be a circle`)
}

const syntax = (files, refused) => ({ files, rules: { 'no-restricted-syntax': ['error', ...refused] } })

const ports = {
  regex: '^\\.{1,2}/(.*/)?(grpc|[a-z-]*routes)$',
  message: 'Routes and gRPC are ports: what two of them need is in the service, in schemas.ts or in api/.',
}

/** @param up the way out of the room */
const others = (folder, room, up, allowed) => ({
  regex: `^\\.\\./(?!${up}(${allowed.join('|')})/)`,
  message: `${room}/ imports ${allowed.join(', ') || 'no other room'}: see ${folder}/eslint.rooms.mjs.`,
})

const impure = (pure) => ({
  regex: `^(?!\\.${pure && `|${pure}`})`,
  message: 'domain/ is pure: it knows no database and no server.',
})

const prismaClient = {
  regex: '/generated/prisma/',
  message: "Prisma's client stands in a repository.ts: see docs/decisions/0057.",
}

const prismaWrite = {
  selector:
    'CallExpression:matches([callee.object.object.name=/[pP]risma$/], [callee.object.object.property.name=/[pP]risma$/])[callee.property.name=/^(create|update|upsert|delete)/]',
  message: 'What is written here carries a promise: write it as SQL, see docs/decisions/0057.',
}

const placeOfSql =
  'SQL stands in a repository.ts, a queries.ts, a …-queries.ts, a folder queries/, or where the eslint.rooms.mjs of the app says.'

const statement = '/^\\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH|SET) /'
const sql = [
  { selector: "CallExpression[callee.property.name='query']", message: placeOfSql },
  {
    selector: `:matches(Literal[value=${statement}], TemplateElement[value.raw=${statement}])`,
    message: placeOfSql,
  },
]

/** Refuses a file that imports itself, through however many others. */
const noImportCircle = {
  create: (context) => ({
    Program(node) {
      const way = wayBack(context.filename)
      if (way) context.report({ node, message: `A circle of imports: ${way.join(' -> ')}.` })
    },
  }),
}

function wayBack(start) {
  const seen = new Set()
  const walk = (file, way) => {
    for (const next of importsOf(file)) {
      if (next === start) return [...way, next]
      if (seen.has(next)) continue
      seen.add(next)
      const found = walk(next, [...way, next])
      if (found) return found
    }
    return undefined
  }
  return walk(start, [start])
}

const known = new Map()

function importsOf(file) {
  const before = known.get(file)
  if (before) return before
  const text = readFileSync(file, 'utf8')
  const found = [...text.matchAll(/\b(?:from|import)\s*\(?\s*'(\.[^']*)'/g)]
    .map(([, path]) => `${resolve(dirname(file), path)}.ts`)
    .filter((path) => !path.includes('/generated/') && existsSync(path))
  known.set(file, found)
  return found
}
