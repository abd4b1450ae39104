import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startEmbeddedPostgres } from '../src'
import { newDataFolder, removeDataFolders } from './folders'
import { buildStarter, killed, runStarter } from './processes'
import { query } from './query'

afterEach(removeDataFolders)

test('the server of a process that was killed is adopted, with its port and data', async () => {
  const dataFolder = await newDataFolder()
  const starter = await runStarter(await buildStarter(dirname(dataFolder)), { dataFolder, stay: true })
  await query(starter.server.adminUrl, 'CREATE TABLE kept AS SELECT 42 AS answer')
  await killed(starter.process)

  const server = await startEmbeddedPostgres({ dataFolder })
  expect(server).toMatchObject({ adopted: true, port: starter.server.port, pid: starter.server.pid })
  expect(await query(server.adminUrl, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
})

test('a server does not keep the process that started it from ending', async () => {
  const dataFolder = await newDataFolder()
  const starter = await runStarter(await buildStarter(dirname(dataFolder)), { dataFolder })
  if (starter.process.exitCode === null) await once(starter.process, 'exit')
  expect(await query(starter.server.adminUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
})

test('a server killed at work is started again, and has what it acknowledged', async () => {
  const dataFolder = await newDataFolder()
  const first = await startEmbeddedPostgres({ dataFolder })
  await query(first.adminUrl, 'CREATE TABLE kept AS SELECT 42 AS answer')
  // Its backend lives on for a moment: "pre-existing shared memory block is still in use".
  const interrupted = expect(query(first.adminUrl, 'SELECT pg_sleep(2)')).rejects.toThrow()
  process.kill(first.pid, 'SIGKILL')

  const second = await startEmbeddedPostgres({ dataFolder })
  expect(second.adopted).toBe(false)
  expect(await query(second.adminUrl, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
  await interrupted
})

test('a backend busy after its server was killed is waited for', async () => {
  const dataFolder = await newDataFolder()
  const first = await startEmbeddedPostgres({ dataFolder })
  // It computes, until there is a file, and so does not notice that its postmaster is gone.
  const loop = `DO $$ BEGIN WHILE pg_stat_file('enough', true) IS NULL LOOP END LOOP; END $$`
  const busy = query(first.adminUrl, loop).catch(() => {})
  await waitFor(
    first.adminUrl,
    `SELECT 1 FROM pg_stat_activity WHERE query LIKE '%enough%' AND state = 'active' AND pid <> pg_backend_pid()`,
  )
  process.kill(first.pid, 'SIGKILL')

  const starting = startEmbeddedPostgres({ dataFolder })
  while (!(await readFile(first.logFile, 'utf8')).includes('pre-existing shared memory block'))
    await delay(20)
  await writeFile(join(dataFolder, 'cluster/enough'), '')
  expect((await starting).adopted).toBe(false)
  await busy
})

async function waitFor(url: string, sql: string): Promise<void> {
  while ((await query(url, sql)).length === 0);
}

/** Ends the server as a crash would, and leaves a pid file that names `pid`. */
async function crashLeavingPid(pid: number): Promise<string> {
  const dataFolder = await newDataFolder()
  const server = await startEmbeddedPostgres({ dataFolder })
  await query(server.adminUrl, 'CREATE TABLE kept AS SELECT 42 AS answer')
  const pidFile = join(dataFolder, 'cluster/postmaster.pid')
  const written = await readFile(pidFile, 'utf8')
  await server.stop()
  await writeFile(pidFile, written.replace(/^\d+/, String(pid)))
  return dataFolder
}

test('the pid file of a dead process is no obstacle', async () => {
  const past = spawn('true')
  await once(past, 'exit')
  const server = await startEmbeddedPostgres({ dataFolder: await crashLeavingPid(past.pid!) })
  expect(server.adopted).toBe(false)
  expect(await query(server.adminUrl, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
})

test.each([
  ['us', () => process.pid],
  ['our parent', () => process.ppid],
  ['the first process', () => 1],
])(
  'a pid file whose pid now belongs to another program (%s) is no obstacle, nor is that disturbed',
  async (_, pid) => {
    const server = await startEmbeddedPostgres({ dataFolder: await crashLeavingPid(pid()) })
    expect(server.adopted).toBe(false)
    expect(await query(server.adminUrl, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
    await server.stop()
  },
)

test('what a killed initdb left is removed, and never taken for a cluster', async () => {
  const dataFolder = await newDataFolder()
  const past = spawn('true')
  await once(past, 'exit')
  const abandoned = `draft-${past.pid}-1`
  const underWay = `draft-${process.pid}-1`
  for (const draft of [abandoned, underWay]) {
    await mkdir(join(dataFolder, draft), { recursive: true })
    await writeFile(join(dataFolder, draft, 'PG_VERSION'), '18\n')
  }
  await startEmbeddedPostgres({ dataFolder })
  const drafts = (await readdir(dataFolder)).filter((name) => name.startsWith('draft-'))
  expect(drafts).toEqual([underWay])
})

test('a start that is killed while it makes the cluster is followed by one that works', async () => {
  const dataFolder = await newDataFolder()
  const program = await buildStarter(dirname(dataFolder))
  for (const afterMs of [150, 300, 450]) {
    const starter = spawn(process.execPath, [program, JSON.stringify({ dataFolder })], {
      timeout: afterMs,
      killSignal: 'SIGKILL',
    })
    await once(starter, 'exit')
    expect(existsSync(join(dataFolder, 'cluster/base'))).toBe(existsSync(join(dataFolder, 'cluster')))
  }
  const server = await startEmbeddedPostgres({ dataFolder })
  expect(await query(server.adminUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
})
