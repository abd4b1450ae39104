import { tmpdir } from 'node:os'
import { memoryOr } from './memory'
import { startTestPostgres } from './test-server'
import { serverVariables } from './server-variables'

/** Of memory, for the data of one server; the largest tests write some hundred MB. */
const roomOfServer = 2 * 2 ** 30

/**
 * For jest's `globalSetup: '@ordinal/testing/global-setup'`: starts a PostgreSQL for each worker of the run, which
 * `createTestDatabase` uses, and which ends with the run even if that is killed. Workers share none: what a transaction
 * that stays open holds back, it holds back for its whole server. With
 * `globalTeardown: '@ordinal/testing/global-teardown'` the run also waits until they have ended.
 *
 * They run with fsync on, as in production; their files are in memory where there is room.
 * TEST_POSTGRES_SETTINGS changes settings: `fsync=off,work_mem=8MB`.
 */
export default async function startServersForRun({ maxWorkers }: { maxWorkers: number }): Promise<void> {
  const folder = await memoryOr(tmpdir(), maxWorkers * roomOfServer)
  await Promise.all(Array.from({ length: maxWorkers }, (_, index) => startServerFor(index + 1, folder)))
}

/** @param worker as jest numbers them, from 1 */
async function startServerFor(worker: number, folder: string): Promise<void> {
  const settings = { max_connections: 200, max_wal_size: '512MB', ...chosenSettings() }
  const server = await startTestPostgres(settings, {}, folder)
  const variables = serverVariables(worker)
  process.env[variables.adminUrl] = server.adminUrl
  process.env[variables.dataFolder] = server.dataFolder
}

function chosenSettings(): Record<string, string> {
  const pairs = (process.env.TEST_POSTGRES_SETTINGS ?? '').split(',').filter(Boolean)
  return Object.fromEntries(pairs.map((pair) => pair.split('=', 2) as [string, string]))
}
