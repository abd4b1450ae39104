import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
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
  const deadline = Date.now() + 15_000
  while (existsSync(dataFolder) && Date.now() < deadline) await delay(50)
  expect(existsSync(dataFolder)).toBe(false)
  await rm(folder, { recursive: true })
})
