import { execFile } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { createTestDatabase, isAlive, startProgram, until, type TestDatabase } from '@ordinal/testing'
import { Client } from 'pg'
import { buildService } from './service-program'

let database: TestDatabase
let service: ReturnType<typeof buildService>
let env: Record<string, string>

beforeAll(async () => {
  database = await createTestDatabase()
  service = buildService()
  env = { FAKE_DATABASE_URL: database.url, FAKE_PORT: '0' }
})
afterAll(async () => {
  service.remove()
  await database.drop()
})

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s ends a service with code 0, when it has finished',
  async (signal) => {
    const program = startProgram([service.program], env)
    const port = await program.port()
    const url = `http://127.0.0.1:${port}`
    const slow = fetch(`${url}/api/v1/slow/5000`)
    // The question is one, too.
    const inFlight = async () =>
      /requests_in_flight (\d+)/.exec(await (await fetch(`${url}/metrics`)).text())?.[1]
    await until(async () => (await inFlight()) === '2')
    program.child.kill(signal)
    expect((await slow).status).toBe(200)
    const { code, output } = await program.ended()
    expect(code).toBe(0)
    const messages = output
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { message: string }).message)
    expect(messages).toEqual(['listening', 'request', 'stopped'])
  },
)

test('a second signal ends it at once', async () => {
  const program = startProgram([service.program], { ...env, SHUTDOWN_DRAIN_MS: '60000' })
  await program.port()
  program.child.kill('SIGTERM')
  await delay(200)
  expect(program.child.exitCode).toBeNull()
  program.child.kill('SIGINT')
  expect((await program.ended()).code).toBe(1)
})

test('a command whose reader has gone ends without an error', async () => {
  const pipe = `set -o pipefail; '${process.execPath}' '${service.program}' --count | head -n 2`
  expect(await promisify(execFile)('bash', ['-c', pipe], { env: { ...process.env, ...env } })).toEqual({
    stdout: '1\n2\n',
    stderr: '',
  })
})

/** A program that starts the service, and says under which process id. */
const parent = (stdio: string) => `
  const { spawn } = require('node:child_process')
  const child = spawn(process.execPath, [process.argv[1]], { stdio: ${stdio} })
  console.log('child ' + child.pid)
  process.on('disconnect', () => process.exit())`

/** Starts the service from a parent, kills that with kill -9, and gives the process id of the service. */
async function startAndKillParent(
  stdio: string,
  childEnv: Record<string, string>,
  when: RegExp,
): Promise<number> {
  const program = startProgram(['-e', parent(stdio), service.program], childEnv)
  await until(() => when.test(program.output()))
  expect(program.output()).toMatch(when)
  program.child.kill('SIGKILL')
  return Number(/child (\d+)/.exec(program.output())![1])
}

test('a service whose parent was killed by kill -9 ends, if it has a channel to it', async () => {
  const pid = await startAndKillParent(`['ignore', 'inherit', 'inherit', 'ipc']`, env, /child[^]*listening/)
  await until(() => !isAlive(pid))
  expect(isAlive(pid)).toBe(false)
})

test('so does one whose parent was killed while it was still starting', async () => {
  const lock = new Client(database.url)
  await lock.connect()
  // The service waits for another instance that migrates.
  await lock.query('SELECT pg_advisory_lock(72707369)')
  const stdio = `['ignore', 'inherit', process.stdout, 'ipc']`
  const pid = await startAndKillParent(stdio, env, /child[^]*waiting for another instance/)
  await until(() => !isAlive(pid))
  expect(isAlive(pid)).toBe(false)
  await lock.end()
})

test('control: without a channel it goes on', async () => {
  const pid = await startAndKillParent(`['ignore', 'inherit', 'inherit']`, env, /child[^]*listening/)
  await delay(500)
  expect(isAlive(pid)).toBe(true)
  process.kill(pid, 'SIGKILL')
  await until(() => !isAlive(pid))
})

test('a log whose reader has gone does not end the service', async () => {
  const program = startProgram([service.program], env)
  const port = await program.port()
  program.child.stdout!.destroy()
  for (let i = 0; i < 20; i++) await fetch(`http://127.0.0.1:${port}/api/v1/things/7`).then((r) => r.text())
  expect(program.child.exitCode).toBeNull()
  program.child.kill('SIGTERM')
  expect((await program.ended()).code).toBe(0)
})
