import { dirname } from 'node:path'
import { startEmbeddedPostgres } from '../src'
import { newDataFolder, removeDataFolders } from './folders'
import { buildStarter, runStarter } from './processes'

afterEach(removeDataFolders)

test.each([1, 2, 3])(
  'several processes that start at once on a new folder share one server (%i)',
  async () => {
    const dataFolder = await newDataFolder()
    const program = await buildStarter(dirname(dataFolder))
    const starters = await Promise.all([1, 2, 3].map(() => runStarter(program, { dataFolder })))
    expect(new Set(starters.map(({ server }) => server.pid)).size).toBe(1)
    expect(starters.filter(({ server }) => !server.adopted)).toHaveLength(1)
  },
)

test('after a crash, too', async () => {
  const dataFolder = await newDataFolder()
  const first = await startEmbeddedPostgres({ dataFolder })
  process.kill(first.pid, 'SIGKILL')
  const servers = await Promise.all([1, 2, 3].map(() => startEmbeddedPostgres({ dataFolder })))
  expect(new Set(servers.map(({ pid }) => pid)).size).toBe(1)
  expect(servers[0]!.pid).not.toBe(first.pid)
})

test('servers of several folders that start at once each get a port', async () => {
  const folders = await Promise.all([1, 2, 3].map(() => newDataFolder()))
  const servers = await Promise.all(folders.map((dataFolder) => startEmbeddedPostgres({ dataFolder })))
  expect(new Set(servers.map(({ port }) => port)).size).toBe(3)
})
