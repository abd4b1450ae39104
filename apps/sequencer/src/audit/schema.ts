import { hash } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Finding } from '@ordinal/audit'
import { transaction, type Queryable } from '@ordinal/database'
import type { Logger } from '@ordinal/logging'
import { soonAfterStart } from '@ordinal/service'
import type { Pool } from 'pg'
import { isOwner, readCatalog, type CatalogObject } from './queries/catalog'
import build from './schema.json'

/** The schema that a build has: its migrations, and each object with its definition, or the digest of a long one. */
export interface BuildSchema {
  migrations: string[]
  objects: Record<string, string>
  /** Whether one role migrates and serves, and so owns the ledger. */
  mayOwn: boolean
}

const longestText = 60

/** A definition of at most 60 characters on one line as it is; the SHA-256 of any other. */
export const digestOf = (definition: string): string =>
  definition.length <= longestText && !definition.includes('\n')
    ? definition
    : `sha256:${hash('sha256', definition).slice(0, 32)}`

/** The names of the migrations that a build brings. */
export const migrationsIn = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()

/**
 * The schema of this build; undefined while a new migration is not in `schema.json` yet (`make schema`).
 *
 * @param appFolder the folder of the app's source, or of its bundle
 * @param mayOwn whether one role migrates and serves
 */
export function schemaOfBuild(appFolder: string, mayOwn = true): BuildSchema | undefined {
  const besideBundle = join(appFolder, 'migrations')
  const migrations = migrationsIn(
    existsSync(besideBundle) ? besideBundle : join(appFolder, '../prisma/migrations'),
  )
  return migrations.join() === build.migrations.join() ? { ...build, mayOwn } : undefined
}

/**
 * Where the database's schema differs from that of the build.
 *
 * @param tx a transaction of the service's role
 */
export async function compareSchema(tx: Queryable, { objects, mayOwn }: BuildSchema): Promise<Finding[]> {
  const catalog = await readCatalog(tx)
  const here = new Map(catalog.map((object) => [object.object, object]))
  const ofService = (object: string) => object.startsWith('rights of the service ')
  const owns = await isOwner(tx)
  const findings: Finding[] = []
  if (owns && !mayOwn)
    findings.push(
      finding('rights of the service', 'the role of the service may do all that the owner of the ledger may'),
    )
  for (const [object, expected] of Object.entries(objects)) {
    if (owns && ofService(object)) continue
    const has = here.get(object)
    const digest = has && digestOf(has.definition)
    if (digest !== expected) findings.push(wrong(object, expected, digest))
  }
  // One object may be of two tables, as an inheritance is, of which one is not ours.
  const more = catalog.filter(
    (found) => !(found.object in objects) && matters(found, objects) && !(owns && ofService(found.object)),
  )
  for (const found of new Map(more.map((object) => [object.object, object])).values())
    findings.push(added(found))
  return findings
}

/** Warns soon after the start if the schema of the database is not that of the build: then issuing may do anything. */
export function warnOfOtherSchema(pool: Pool, schema: BuildSchema | undefined, log: Logger) {
  const check = async () => {
    if (!schema) return
    const [first, ...others] = await transaction(pool, (tx) => compareSchema(tx, schema))
    if (!first) return
    const more = others.length > 0 ? `, and ${others.length} more` : ''
    log.warn(
      `${first.detail}${more}. GET /api/v1/audit/verify names all, docs/audit.md says how to put it back`,
    )
  }
  return soonAfterStart(check, log, 'the schema could not be compared')
}

/** Whether an object that the build does not have is a fault: an added table or index is none. */
const matters = ({ object, of }: CatalogObject, objects: Record<string, string>) =>
  (of === null || `table ${of}` in objects) && !object.startsWith('index ')

const isText = (definition: string) => !definition.startsWith('sha256:')

function wrong(object: string, expected: string, has: string | undefined): Finding {
  if (has === undefined) return finding(object, `${object} is missing`)
  if (object.startsWith('enabling of ') && isText(has))
    return finding(
      object.slice('enabling of '.length),
      `${object.slice('enabling of '.length)} is ${has}, and must be ${expected}`,
    )
  if (object.startsWith('function ')) return finding(object, `${object} was replaced`)
  const what =
    isText(expected) && isText(has) ? `: ${has || 'nothing'}, where ${expected || 'nothing'} belongs` : ''
  return finding(object, `${object} was altered${what}`)
}

const added = ({ object, definition }: CatalogObject) =>
  finding(object, `${object} was added${isText(digestOf(definition)) ? `: ${definition}` : ''}`)

const finding = (object: string, detail: string): Finding => ({
  kind: 'schema',
  prefix: null,
  period: null,
  batch: null,
  position: null,
  value: null,
  number: null,
  rows: null,
  column: null,
  object,
  detail: `${detail}: it is not the schema of this build`,
})
