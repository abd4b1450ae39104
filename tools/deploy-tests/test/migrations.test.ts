import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../src/chart'
import { lintMigrations } from '../src/lint-migrations'
import { withPrograms } from '../src/with-programs'

const json = <T>(file: string) => JSON.parse(readFileSync(join(root, file), 'utf8')) as T
const { version } = json<{ version: string }>('package.json')
const { newestMigrations } = json<{ newestMigrations: Record<string, string> }>('released.json')

const folderOf = (service: string) => join(root, 'apps', service, 'prisma/migrations')
const migrationsOf = (service: string) =>
  readdirSync(folderOf(service), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
const services = readdirSync(join(root, 'apps')).filter((app) => app !== 'console')
/** A service that is newer than the release has no old instances. */
const released = new Map(Object.entries(newestMigrations))

test('the last release is known, with migrations that are there', () => {
  expect(released.size).toBeGreaterThan(0)
  for (const [service, newest] of released) expect(migrationsOf(service)).toContain(newest)
})

test('no migration needs a release that is still to come', () => {
  const needed = services
    .flatMap(migrationsOf)
    .flatMap((name) => /_needs_(\d+)_(\d+)$/.exec(name) ?? [])
    .filter((part) => /^\d+$/.test(part))
  expect(needed.length % 2).toBe(0)
  const [major, minor] = version.split('.').map(Number)
  for (let at = 0; at < needed.length; at += 2)
    expect(Number(needed[at]) * 1e6 + Number(needed[at + 1])).toBeLessThanOrEqual(major! * 1e6 + minor!)
})

withPrograms('the lint of migrations', () => {
  test('has nothing against those that are newer than the last release', () => {
    const files = [...released].flatMap(([service, newest]) =>
      migrationsOf(service)
        .filter((name) => name > newest)
        .map((name) => join(folderOf(service), name, 'migration.sql')),
    )
    expect(files.length > 0 ? lintMigrations(files) : []).toEqual([])
  })

  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ordinal-migrations-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  /** The rules that have something against a migration. */
  function rulesAgainst(sql: string, name = '20300101000000_change'): string[] {
    mkdirSync(join(folder, name), { recursive: true })
    const file = join(folder, name, 'migration.sql')
    writeFileSync(file, `${sql}\n`)
    return lintMigrations([file]).map(({ rule }) => rule)
  }

  test.each([
    [
      'an index that holds up writers',
      'CREATE INDEX a ON orders (status);',
      'require-concurrent-index-creation',
    ],
    ['a column that is renamed', 'ALTER TABLE orders RENAME COLUMN status TO state;', 'renaming-column'],
    ['a column that is dropped', 'ALTER TABLE orders DROP COLUMN status;', 'ban-drop-column'],
    ['a table that is dropped', 'DROP TABLE orders;', 'ban-drop-table'],
    ['another type', 'ALTER TABLE orders ALTER COLUMN id TYPE bigint;', 'changing-column-type'],
    [
      'a constraint that reads all rows',
      'ALTER TABLE orders ADD CONSTRAINT a CHECK (quantity > 0);',
      'constraint-missing-not-valid',
    ],
    ['a column that must be given', 'ALTER TABLE orders ADD COLUMN a int NOT NULL;', 'adding-required-field'],
    ['a function that is dropped', 'DROP FUNCTION issue_numbers(text);', 'drop-of-what-is-called'],
  ])('finds %s', (_, sql, rule) => {
    expect(rulesAgainst(sql)).toContain(rule)
  })

  test.each([
    ['what is new', 'CREATE TABLE a (id bigint PRIMARY KEY);\nCREATE INDEX b ON a (id);'],
    ['a column that may be missing', 'ALTER TABLE orders ADD COLUMN a text;'],
    ['an index that holds up nobody', 'CREATE INDEX CONCURRENTLY a ON orders (status);'],
    [
      'a function that is replaced',
      '-- compatible: the same arguments and result\nDROP FUNCTION issue_numbers(text);',
    ],
  ])('lets %s pass', (_, sql) => {
    expect(rulesAgainst(sql)).toEqual([])
  })

  test('lets a migration take something away whose name says from which release on', () => {
    expect(
      rulesAgainst('ALTER TABLE orders DROP COLUMN status;', '20300101000000_drop_status_needs_0_2'),
    ).toEqual([])
    expect(rulesAgainst('CREATE INDEX a ON orders (status);', '20300101000000_index_needs_0_2')).not.toEqual(
      [],
    )
  })
})
