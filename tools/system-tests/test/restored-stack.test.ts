import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  cpSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { removeEmbeddedPostgres } from '@ordinal/embedded-postgres'
import { freePort, until } from '@ordinal/testing'
import { upTo } from '../src/calls'
import { listedServices, prefixOf, root } from '../src/service'

// What `make run` starts when all is built, in a folder of its own.
const folder = mkdtempSync(join(tmpdir(), 'ordinal-restored-stack-'))
const path = (name: string) => join(folder, name)
const program = path('dist/tools/local-stack/main.js')
const ordinal = join(root, 'packages/cli/dist/main.js')
const cluster = path('.data/postgres/cluster')
const urls: Record<string, string> = {}
const env: NodeJS.ProcessEnv = { PATH: process.env.PATH, SEQUENCER_KEPT_CHECKPOINT: path('last.jws') }
let stack: ChildProcess | undefined
let printed = ''

beforeAll(async () => {
  chmodSync(folder, 0o755)
  for (const built of ['dist/apps', 'dist/tools/local-stack'])
    cpSync(join(root, built), path(built), { recursive: true })
  symlinkSync(join(root, 'node_modules'), path('node_modules'))
  writeFileSync(path('last.jws'), 'none\n')
  for (const { name, client, grpcPort } of listedServices) {
    const port = await freePort()
    urls[client] = env[`ORDINAL_${client.toUpperCase()}_URL`] = `http://localhost:${port}`
    env[`${prefixOf(name)}_PORT`] = String(port)
    env[`${prefixOf(name)}_DEBUG_PORT`] = String(await freePort())
    if (grpcPort) env[`${prefixOf(name)}_GRPC_PORT`] = String(await freePort())
  }
})
afterAll(async () => {
  await stop()
  await removeEmbeddedPostgres(path('.data/postgres'))
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

async function start(says: RegExp): Promise<void> {
  printed = ''
  stack = spawn(process.execPath, [program], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  for (const stream of [stack.stdout!, stack.stderr!])
    stream.on('data', (chunk) => (printed += String(chunk)))
  await printedHas(says)
}

async function printedHas(text: RegExp): Promise<void> {
  await until(() => text.test(printed) || stack!.exitCode !== null, 120_000)
  expect(printed).toMatch(text)
}

async function stop(): Promise<void> {
  if (!stack || stack.exitCode !== null) return
  stack.kill('SIGINT')
  await once(stack, 'close')
}

async function call<T>(method: string, where: string): Promise<T> {
  const authorization = `Bearer ${env.ORDINAL_TOKEN}`
  const answer = await fetch(urls.sequencer + where, { method, headers: { authorization } })
  const body = (await answer.json()) as T
  if (!answer.ok) throw new Error(JSON.stringify(body))
  return body
}
const draw = async () => (await call<{ full_number: string }>('POST', '/api/v1/next/SG')).full_number

test('with an older ledger in its place the stack stays up, and runs once its counters are raised', async () => {
  await start(/^Ordinal runs/m)
  env.ORDINAL_TOKEN = execFileSync(process.execPath, [program, '--token', 'admin'], {
    env,
    encoding: 'utf8',
  }).trim()
  const kept = await Promise.all(upTo(3).map(draw))
  await stop()
  // As an administrator copies it: with its owner.
  execFileSync('cp', ['-a', cluster, path('older')])

  await start(/^Ordinal runs/m)
  const lost = await Promise.all(upTo(4).map(draw))
  const { checkpoint } = await call<{ checkpoint: string }>('GET', '/api/v1/audit/checkpoints')
  writeFileSync(path('last.jws'), checkpoint)
  const run = promisify(execFile)
  await run(process.execPath, [ordinal, 'export', path('known.ndjson')], { env })
  await stop()
  rmSync(cluster, { recursive: true })
  execFileSync('cp', ['-a', path('older'), cluster])

  await start(/^! sequencer is not ready/m)
  expect(printed).toMatch(
    /^! sequencer is not ready, and is waited for: Nothing is issued: it does not have what the checkpoint .* ordinal restore-check, .*; its log: .*$/m,
  )
  await printedHas(/^✓ order-service on port/m)
  expect(printed).not.toContain('Ordinal runs')
  await expect(draw()).rejects.toThrow('ledger_behind')
  const args = ['restore-check', '--checkpoint', path('last.jws'), '--known', path('known.ndjson')]
  const planning = ['--plan', path('plan.json'), '--reason', 'test', '--margin', '5']
  await expect(run(process.execPath, [ordinal, ...args, ...planning], { env })).rejects.toMatchObject({
    code: 1,
  })
  execFileSync(process.execPath, [program, '--once', 'sequencer', '--raise-counters'], {
    env,
    cwd: folder,
    stdio: [openSync(path('plan.json'), 'r'), 'pipe', 'inherit'],
  })

  await printedHas(/^Ordinal runs/m)
  const fresh = await Promise.all(upTo(3).map(draw))
  expect(new Set([...kept, ...lost, ...fresh]).size).toBe(10)
  expect(readFileSync(path('last.jws'), 'utf8')).not.toBe(checkpoint)
  await stop()
  expect(stack!.exitCode).toBe(0)
})
