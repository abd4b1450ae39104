import { Client } from 'pg'
import { createTestDatabase } from '../src'
import startServersForRun from '../src/global-setup'
import removeServersOfRun from '../src/global-teardown'
import { memoryOr } from '../src/memory'
import { query } from './query'

const outside = { ...process.env }
beforeAll(() => startServersForRun({ maxWorkers: 2 }))
afterAll(async () => {
  await removeServersOfRun({ maxWorkers: 2 })
  Object.assign(process.env, outside)
})

const databaseOf = (worker: number) => {
  process.env.JEST_WORKER_ID = String(worker)
  return createTestDatabase()
}

/** The oldest transaction under way on a server, and one that began now. */
const transactionsOf = async (url: string) => {
  const [row] = await query(
    url,
    'SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS oldest, pg_current_xact_id()::text AS latest',
  )
  return { oldest: BigInt(row!.oldest as string), latest: BigInt(row!.latest as string) }
}

test('a transaction that a test of one worker leaves open holds back nothing of another worker', async () => {
  const [mine, other] = [await databaseOf(1), await databaseOf(2)]
  const open = new Client(mine.url)
  await open.connect()
  await open.query('BEGIN; SELECT pg_current_xact_id()')

  const begun = [await transactionsOf(mine.url), await transactionsOf(other.url)]
  expect((await transactionsOf(mine.url)).oldest).toBeLessThan(begun[0]!.latest)
  expect((await transactionsOf(other.url)).oldest).toBeGreaterThan(begun[1]!.latest)
  await open.end()
})

test('servers keep their files on the disk where memory has no room for them', async () => {
  expect(await memoryOr('/disk', 0)).toBe(process.platform === 'linux' ? '/dev/shm' : '/disk')
  expect(await memoryOr('/disk', 2 ** 60)).toBe('/disk')
})
