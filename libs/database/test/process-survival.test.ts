import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTestDatabase, type TestDatabase } from '@ordinal/testing'
import { buildSync } from 'esbuild'
import { Client } from 'pg'

let database: TestDatabase
const folder = mkdtempSync(join(tmpdir(), 'ordinal-database-'))
const program = join(folder, 'hold-transaction.js')

beforeAll(async () => {
  buildSync({
    entryPoints: [join(__dirname, 'fixtures/hold-transaction.ts')],
    bundle: true,
    platform: 'node',
    external: ['pg-native'],
    outfile: program,
  })
  database = await createTestDatabase()
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await database.drop()
})

/** Runs the program, and kills its backend as soon as it is in its transaction. */
async function runAndKillBackend(kind: 'protected' | 'plain') {
  const admin = new Client(database.adminUrl)
  await admin.connect()
  const child = spawn(process.execPath, [program, database.url, kind])
  let output = ''
  let killed: Promise<unknown> | undefined
  const onOutput = (chunk: Buffer) => {
    output += chunk.toString()
    const pid = /holding (\d+)/.exec(output)?.[1]
    if (pid) killed ??= admin.query('SELECT pg_terminate_backend($1)', [Number(pid)])
  }
  child.stdout.on('data', onOutput)
  child.stderr.on('data', onOutput)
  const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve))
  await killed
  await admin.end()
  return { exitCode, output }
}

test('a backend killed in mid-transaction does not end the process, and the pool recovers', async () => {
  const { exitCode, output } = await runAndKillBackend('protected')
  expect(output).toContain('reported: terminating connection due to administrator command')
  expect(output).toContain('failed: Client has encountered a connection error and is not queryable')
  expect(output).toContain('recovered')
  expect(exitCode).toBe(0)
})

test('control: it ends a process with a plain pool', async () => {
  const { exitCode, output } = await runAndKillBackend('plain')
  expect(output).toContain("Unhandled 'error' event")
  expect(exitCode).not.toBe(0)
})
