import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { build } from 'esbuild'
import { startTestPostgres } from '../src'
import { query } from './query'

test('a test server survives kill -9: after a restart it has what it acknowledged, on the same port', async () => {
  const server = await startTestPostgres({ work_mem: '5MB' })
  await query(server.adminUrl, 'CREATE TABLE kept AS SELECT 42 AS answer')
  await server.kill9()
  await expect(query(server.adminUrl, 'SELECT 1')).rejects.toThrow()

  await server.restart({ max_connections: 20 })
  expect(await query(server.adminUrl, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
  expect(await query(server.adminUrl, 'SHOW work_mem')).toEqual([{ work_mem: '5MB' }])
  expect(await query(server.adminUrl, 'SHOW max_connections')).toEqual([{ max_connections: '20' }])

  await server.kill9()
  await server.restart()
  expect(await query(server.adminUrl, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])

  await server.remove()
  expect(existsSync(server.dataFolder)).toBe(false)
})

const onLinux = process.platform === 'linux' ? test : test.skip

onLinux('nobody takes the place of a server that is away: it refuses, and comes back', async () => {
  const server = await startTestPostgres()
  await server.kill9()
  // A child of the dying server may hold its socket for a moment longer, and reset what comes there.
  // As another process that has got the same port, on the address that all programs share.
  const other = createServer().listen(server.port, '127.0.0.1')
  await once(other, 'listening')
  try {
    await expect(query(server.adminUrl, 'SELECT 1')).rejects.toThrow(/ECONNREFUSED|ECONNRESET/)
    await server.restart()
    expect(await query(server.adminUrl, 'SELECT 42 AS answer')).toEqual([{ answer: 42 }])
  } finally {
    other.close()
  }
  await server.remove()

  // Nor does the kernel give it to anybody who takes any port on all addresses.
  const [lowest] = (await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'utf8')).split('\t')
  expect(server.port).toBeLessThan(Number(lowest))
})

test('a test server does not outlive a killed test process', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ordinal-watchdog-'))
  const program = join(folder, 'program.js')
  await build({
    stdin: {
      contents: `
        import { startTestPostgres } from '../src'
        void startTestPostgres().then(({ dataFolder, port }) => console.log(JSON.stringify({ dataFolder, port })))
        setInterval(() => {}, 1_000)`,
      resolveDir: __dirname,
    },
    outfile: program,
    bundle: true,
    platform: 'node',
    external: ['pg-native'],
  })
  const owner = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(owner.stdout, 'data')) as [Buffer]
  const { dataFolder } = JSON.parse(line.toString()) as { dataFolder: string }
  expect(existsSync(join(dataFolder, 'cluster/postmaster.pid'))).toBe(true)

  owner.kill('SIGKILL')
  const deadline = Date.now() + 60_000
  while (existsSync(dataFolder) && Date.now() < deadline) await delay(50)
  expect(existsSync(dataFolder)).toBe(false)
  await rm(folder, { recursive: true })
})
