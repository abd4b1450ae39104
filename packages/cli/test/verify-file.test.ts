import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// The fixtures are what a sequencer has answered: an export, a checkpoint, and its public keys.
const fixtures = join(__dirname, '../../../libs/audit/test/fixtures')
const program = join(__dirname, '../dist/main.js')
const exported = join(fixtures, 'export.ndjson')
const checkpoint = join(fixtures, 'checkpoint.txt')
const keys = join(fixtures, 'keys.json')
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ordinal-audit-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function verify(...args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, 'verify', '--file', ...args], (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr }),
    )
  })
}

/** A file with a text in it. */
function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

/** The export with something in it changed. */
function changed(from: string | RegExp, to: string): string {
  const text = readFileSync(exported, 'utf8')
  expect(text).toMatch(from)
  return file('changed.ndjson', text.replace(from, to))
}

test('an export fits by itself, and with a checkpoint', async () => {
  const alone = await verify(exported)
  expect(alone.output).toContain('✓ It fits.')
  expect(alone.output).toContain('no checkpoint compared')
  expect(alone.code).toBe(0)
  const compared = await verify(exported, '--checkpoint', checkpoint, '--key', keys)
  expect(compared.output).toContain('4 heads of checkpoints compared')
  expect(compared.code).toBe(0)
})

test('what does not fit is told, and ends with 1', async () => {
  const { code, output } = await verify(changed('"client_id":"client-2"', '"client_id":"other"'))
  expect(output).toContain('✗ It does not fit: one finding')
  expect(output).toMatch(/^altered +SG +SG0000\d+ +the value \d+ \(SG0000\d+\) is not what was written/m)
  expect(code).toBe(1)
})

test('the report may be had as JSON', async () => {
  const { output } = await verify(changed('"number":"SG000001"', '"number":"SG000009"'), '--json')
  expect(JSON.parse(output)).toMatchObject({ fits: false, findings: [{ kind: 'altered', column: 'number' }] })
})

test('checkpoints are found in the lines of a log, too', async () => {
  const signed = readFileSync(checkpoint, 'utf8').trim()
  const log = file(
    'service.log',
    `{"message":"checkpoint","checkpoint":"${signed}"}\n{"message":"request"}\n`,
  )
  expect((await verify(exported, '--checkpoint', log, '--key', keys)).output).toContain('4 heads')
})

test('a chain that was cut short together with its counter is caught by the checkpoint alone', async () => {
  const lines = readFileSync(exported, 'utf8').trimEnd().split('\n')
  const of = (line: string) => JSON.parse(line) as Record<string, unknown>
  const isLastOfGlobal = (line: string) => of(line).prefix === 'GLOBAL' && of(line).batch === 3
  const batch2 = lines.map(of).find((it) => it.type === 'batch' && it.prefix === 'GLOBAL' && it.batch === 2)!
  const shorter = lines
    .filter((line) => of(line).type === 'counter' || !isLastOfGlobal(line))
    .map((line) => {
      const record = of(line)
      if (record.type === 'export') return { ...record, at: '2026-11-21T14:28:44.000Z' }
      if (record.type === 'end')
        return { ...record, batches: Number(record.batches) - 1, entries: Number(record.entries) - 1 }
      if (record.type !== 'counter' || record.prefix !== 'GLOBAL') return record
      return { ...record, batch: 2, through_batch: 2, head: batch2.hash, feed: batch2.feed, free: 1 }
    })
  const cut = file('cut.ndjson', shorter.map((record) => `${JSON.stringify(record)}\n`).join(''))
  expect((await verify(cut)).code).toBe(0)
  const { code, output } = await verify(cut, '--checkpoint', checkpoint, '--key', keys)
  expect(output).toMatch(/tail_cut +GLOBAL +GLOBAL had a batch 3 at .*, and has none now/)
  expect(code).toBe(1)
})

test.each<[string, () => string[], string]>([
  ['no file', () => [], 'argument missing'],
  ['a file that is not there', () => [join(folder, 'nothing')], 'nothing is not there\n'],
  ['a directory', () => [folder], 'is a directory\n'],
  ['a file that is no export', () => [keys], 'line 1 is not one of an export'],
  [
    'a checkpoint without a key',
    () => [exported, '--checkpoint', checkpoint],
    'give the public key with --key',
  ],
  [
    'a file without a checkpoint',
    () => [exported, '--checkpoint', exported, '--key', keys],
    'has no checkpoint in it',
  ],
  [
    'a checkpoint that was changed',
    () => {
      const [head, payload, signature] = readFileSync(checkpoint, 'utf8').trim().split('.')
      const text = file('forged.txt', [head, `${payload!.slice(0, -4)}AAAA`, signature].join('.'))
      return [exported, '--checkpoint', text, '--key', keys]
    },
    'signature verification failed',
  ],
])('%s ends with 2, and says so', async (_, args, told) => {
  const { code, output } = await verify(...args())
  expect(output).toContain(told)
  expect(code).toBe(2)
})
