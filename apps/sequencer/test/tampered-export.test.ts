import { Readable } from 'node:stream'
import {
  ExportError,
  readCheckpoint,
  readSigningKey,
  publicJwk,
  verifyExport,
  type Checkpoint,
} from '@ordinal/audit'
import { createCheckpoints } from '../src/audit/checkpoints'
import { exportLedger } from '../src/audit/export'
import { createInstance } from './instance'
import { writeLedger } from './ledger-of-all-kinds'
import { createLedgerDatabase } from './sequencer'
import { newSigningKey } from './signing-key'

let lines: string[]
let checkpoint: Checkpoint

beforeAll(async () => {
  const database = await createLedgerDatabase()
  await writeLedger(database.runtimeUrl)
  const { pool, close } = createInstance(database.runtimeUrl)
  const key = readSigningKey(newSigningKey())
  const { signed } = await createCheckpoints(pool, key).sign({})
  checkpoint = await readCheckpoint(signed, [await publicJwk(key)])
  let text = ''
  for await (const piece of exportLedger(pool, 'ndjson', {})) text += piece
  lines = text.trimEnd().split('\n')
  await close()
  await database.drop()
})

/** Whether an export is taken for a whole one that fits; its last line says what is in it. */
async function fits(changed: readonly string[], checkpoints: readonly Checkpoint[] = []): Promise<boolean> {
  const types = changed.map(typeOf)
  const count = (...names: string[]) => types.filter((type) => names.includes(type)).length
  const end = {
    type: 'end',
    register: count('register', 'registered'),
    counters: count('counter'),
    batches: count('batch'),
    entries: count('entry', 'stray'),
  }
  const text = changed.map((line, index) => (types[index] === 'end' ? JSON.stringify(end) : line))
  try {
    return (await verifyExport(Readable.from(text) as AsyncIterable<string>, checkpoints)).fits
  } catch (error) {
    if (error instanceof ExportError) return false
    throw error
  }
}

const typeOf = (line: string) => (JSON.parse(line) as { type: string }).type

/** Which lines can be treated so without a finding. */
async function unnoticed(treat: (index: number) => readonly string[], checkpoints?: readonly Checkpoint[]) {
  const found: string[] = []
  for (const [index, line] of lines.entries()) if (await fits(treat(index), checkpoints)) found.push(line)
  return found
}

test('an export fits as it was made, also with a checkpoint', async () => {
  expect(await fits(lines)).toBe(true)
  expect(await fits(lines, [checkpoint])).toBe(true)
})

test('a line that is left out is noticed, whatever the last line says; the last key by the checkpoint alone', async () => {
  const without = (index: number) => lines.filter((_, at) => at !== index)
  const alone = await unnoticed(without)
  expect(alone.every((line) => line.includes('"kind":"keys"'))).toBe(true)
  expect(await unnoticed(without, [checkpoint])).toEqual([])
})

test('a line that comes twice is noticed', async () => {
  expect(await unnoticed((index) => lines.toSpliced(index, 0, lines[index]!))).toEqual([])
})

test('two lines in each other’s place are noticed; what the tables have comes in any order', async () => {
  const found = await unnoticed((index) => {
    const next = lines[index + 1]
    return next && typeOf(next) !== 'registered' ? lines.toSpliced(index, 2, next, lines[index]!) : []
  })
  expect(found).toEqual([])
})

test('a row before the first batch of a counter, or apart from its batch, is noticed', async () => {
  const row = JSON.parse(lines.find((line) => typeOf(line) === 'entry')!) as object
  const forged = ['entry', 'stray'].map((type) => JSON.stringify({ ...row, type, value: 777, number: '777' }))
  for (const line of forged) {
    const behind = (index: number) =>
      typeOf(lines[index]!) === 'counter' ? lines.toSpliced(index + 1, 0, line) : []
    expect(await unnoticed(behind)).toEqual([])
  }
})

test('keys that are said to be in a table are noticed', async () => {
  const keys = lines.findLastIndex((line) => line.includes('"kind":"keys"'))
  const inTable = lines[keys]!.replace('"type":"register"', '"type":"registered"')
  expect(await fits(lines.toSpliced(keys + 1, 0, inTable))).toBe(false)
})

test('a format that is not known is noticed', async () => {
  expect(await fits(lines.map((line) => line.replace('ordinal-export-v2', 'ordinal-export-v3')))).toBe(false)
})

test('an export that is cut off anywhere is noticed', async () => {
  expect(await unnoticed((index) => lines.slice(0, index))).toEqual([])
})

test('an export that says it is older than the register is found by a checkpoint that has one', async () => {
  const older = lines
    .filter((line) => !typeOf(line).startsWith('register'))
    .map((line) => line.replace('ordinal-export-v2', 'ordinal-export-v1'))
  expect(await fits(older)).toBe(true)
  expect(await fits(older, [checkpoint])).toBe(false)
})
