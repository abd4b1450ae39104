import { once } from 'node:events'
import { stat, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { startEmbeddedPostgres, stopEmbeddedPostgres } from '../src'
import { newDataFolder, removeDataFolders } from './folders'
import { query } from './query'

afterEach(removeDataFolders)

test('a new folder gets a server: UTF-8, the same order everywhere, durable, for this machine only', async () => {
  const server = await startEmbeddedPostgres({ dataFolder: await newDataFolder() })
  expect(server).toMatchObject({ host: '127.0.0.1', adopted: false })
  const [row] = await query(
    server.adminUrl,
    `SELECT current_setting('server_encoding') AS encoding, current_setting('fsync') AS fsync,
       current_setting('listen_addresses') AS listens, datlocprovider AS provider, datlocale AS locale
     FROM pg_database WHERE datname = 'postgres'`,
  )
  expect(row).toEqual({
    encoding: 'UTF8',
    fsync: 'on',
    listens: '127.0.0.1',
    provider: 'b',
    locale: 'C.UTF-8',
  })
})

test('nobody gets in without the password, which only the account of the server may read', async () => {
  const dataFolder = await newDataFolder()
  const server = await startEmbeddedPostgres({ dataFolder })
  await expect(query(server.url('postgres', 'postgres', 'guess'), 'SELECT 1')).rejects.toThrow(
    'password authentication failed',
  )
  const { mode } = await stat(join(dataFolder, 'cluster/superuser-password'))
  expect(mode & 0o777).toBe(0o600)
})

test('a server started again on its folder has its data, and its port', async () => {
  const dataFolder = await newDataFolder()
  const first = await startEmbeddedPostgres({ dataFolder })
  await query(first.adminUrl, 'CREATE TABLE kept AS SELECT 42 AS answer')
  await first.stop()

  const second = await startEmbeddedPostgres({ dataFolder })
  expect(second).toMatchObject({ adopted: false, port: first.port })
  expect(await query(second.adminUrl, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
})

test('a port that others will need is not taken, although the folder had it last', async () => {
  const dataFolder = await newDataFolder()
  const { port, stop } = await startEmbeddedPostgres({ dataFolder })
  await stop()
  const second = await startEmbeddedPostgres({ dataFolder, avoidedPorts: [port] })
  expect(second.port).not.toBe(port)
  expect(await query(second.adminUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
})

test('stopping ends open transactions, and a server that is gone is stopped already', async () => {
  const dataFolder = await newDataFolder()
  const server = await startEmbeddedPostgres({ dataFolder })
  const sleeping = query(server.adminUrl, 'SELECT pg_sleep(60)')
  const ended = expect(sleeping).rejects.toThrow()
  await server.stop()
  await ended
  await server.stop()
  await stopEmbeddedPostgres(await newDataFolder())
})

test('settings are handed to the server', async () => {
  const settings = { max_connections: 7, superuser_reserved_connections: 1 }
  const server = await startEmbeddedPostgres({ dataFolder: await newDataFolder(), settings })
  expect(await query(server.adminUrl, 'SHOW max_connections')).toEqual([{ max_connections: '7' }])
})

test('a setting it does not take is reported with what the server says', async () => {
  const starting = startEmbeddedPostgres({
    dataFolder: await newDataFolder(),
    settings: { work_mem: 'much' },
  })
  await expect(starting).rejects.toThrow(
    /did not start[^]*server\.log[^]*invalid value for parameter "work_mem"/,
  )
})

test('a port that is taken is reported; where any will do, another is chosen', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const dataFolder = await newDataFolder()
  await expect(startEmbeddedPostgres({ dataFolder, port })).rejects.toThrow(
    `Port ${port} of 127.0.0.1 is taken`,
  )

  await writeFile(join(dataFolder, 'port'), String(port))
  const server = await startEmbeddedPostgres({ dataFolder })
  expect(server.port).not.toBe(port)
  other.close()
})

test('a cluster of another PostgreSQL version is refused, naming both', async () => {
  const dataFolder = await newDataFolder()
  const server = await startEmbeddedPostgres({ dataFolder })
  await server.stop()
  await writeFile(join(dataFolder, 'cluster/PG_VERSION'), '9.6\n')
  await expect(startEmbeddedPostgres({ dataFolder })).rejects.toThrow(/9\.6[^]*not compatible/)
})
