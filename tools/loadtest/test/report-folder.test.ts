import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '@ordinal/system-tests'
import { prepareFolder } from '../src/report'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ordinal-report-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('a folder of a report is made, with those above it, and nothing is left in it', () => {
  const deep = join(folder, 'a/b/c')
  prepareFolder(deep)
  prepareFolder(deep)
  expect(readdirSync(deep)).toEqual([])
})

test('where no report can be written, a run ends before it asks any service, with one line', () => {
  const file = join(folder, 'file')
  writeFileSync(file, '')
  const program = join(root, 'dist/tools/loadtest/main.js')
  for (const report of ['/proc/x', '/proc/x/y', file, join(file, 'below')]) {
    const nowhere = ['--users', '--orders', '--sequencer'].flatMap((option) => [option, 'http://127.0.0.1:9'])
    const { status, stderr, signal } = spawnSync(
      process.execPath,
      [program, ...nowhere, '--report', report],
      { encoding: 'utf8', timeout: 30_000 },
    )
    expect([report, signal, status]).toEqual([report, null, 2])
    expect(stderr).toMatch(/^The report cannot be written to .*: name another folder with --report.*\n$/)
  }
})
