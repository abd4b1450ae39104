import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stepsOf } from '@ordinal/testing'
import { root } from '../src/chart'

/** What docs/backup.md has a container do to the volumes of the ledger's database. */
function documentedScript(): string {
  const page = readFileSync(join(root, 'docs/backup.md'), 'utf8')
  const [restore] = stepsOf(page.split('\n### Restoring on one machine\n')[1]!)
  return restore!.command.split("<<'SH'\n")[1]!.split('\nSH\n')[0]!
}

const base = '20261130T020000Z'
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ordinal-restore-steps-'))
  for (const name of ['data/18/docker', `backup/base/${base}`, 'backup/wal', 'backed-up'])
    mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(join(folder, 'data/18/docker/old'), '')
  writeFileSync(join(folder, 'backup/wal/000000010000000000000001.partial'), '')
  writeFileSync(join(folder, 'backed-up/PG_VERSION'), '18')
  const archive = join(folder, 'backup/base', base, 'base.tar.gz')
  expect(spawnSync('tar', ['-czf', archive, '-C', join(folder, 'backed-up'), '.']).status).toBe(0)
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Runs it on folders in the place of the volumes. */
function restore(name: string) {
  const script = documentedScript()
    .replaceAll('/var/lib/postgresql', join(folder, 'data'))
    .replaceAll('/backup', join(folder, 'backup'))
  const env = { PATH: process.env.PATH, PGDATA: join(folder, 'data/18/docker'), BASE: name }
  const { status, stderr } = spawnSync('sh', ['-eu'], { input: script, env, encoding: 'utf8' })
  return { status, stderr }
}
const files = () => readdirSync(folder, { recursive: true }).sort()

test('the documented restore keeps the old data and WAL beside those that it restores', () => {
  expect(restore(base)).toEqual({ status: 0, stderr: '' })
  expect(files()).toEqual(
    expect.arrayContaining([
      'data/before-restore/old',
      'data/18/docker/PG_VERSION',
      'data/18/docker/recovery.signal',
      'data/wal-to-restore/000000010000000000000001',
      'backup/wal-before-restore/000000010000000000000001.partial',
    ]),
  )
})

test('a base backup that is not there is noticed before anything is moved', () => {
  const before = files()
  expect(restore('20261129T020000Z')).toEqual({
    status: 1,
    stderr: 'There is no base backup 20261129T020000Z\n',
  })
  expect(files()).toEqual(before)
})

test.each(['data/before-restore', 'data/wal-to-restore', 'backup/wal-before-restore'])(
  'what an earlier restore has left in %s is mixed with nothing',
  (left) => {
    mkdirSync(join(folder, left))
    const before = files()
    const { status, stderr } = restore(base)
    expect([status, stderr]).toEqual([1, expect.stringContaining('is of an earlier restore')])
    expect(files()).toEqual(before)
  },
)
