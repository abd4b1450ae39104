import { readFile } from 'node:fs/promises'
import {
  createBadDisk,
  startTestPostgres,
  suiteNeeding,
  until,
  type BadDisk,
  type TestPostgres,
} from '@ordinal/testing'
import { parseConfig } from '@ordinal/config'
import { migrateSequencer } from '../src/app'
import { sequencerConfig } from '../src/config'
import { createInstance } from './instance'
import { expectAnswersInLedger, startRetryingClients } from './retrying-clients'
import { queryAsAdmin } from './sequencer'

const badDisk = createBadDisk()
const onBadDisk = suiteNeeding('Linux with a C compiler', badDisk !== undefined)

onBadDisk('when the disk of the database', () => {
  const disk = badDisk as BadDisk
  let postgres: TestPostgres
  let database: { adminUrl: string; url: string }
  let instance: ReturnType<typeof createInstance>

  beforeEach(async () => {
    postgres = await startTestPostgres({ wal_recycle: false, min_wal_size: '32MB' }, disk.environment)
    const url = postgres.url('postgres')
    database = { adminUrl: url, url }
    await migrateSequencer(parseConfig(sequencerConfig, { SEQUENCER_DATABASE_URL: url }))
    instance = createInstance(url, { requestTimeoutMs: 1_000 })
  })
  afterEach(async () => {
    disk.free()
    await instance.close()
    await postgres.remove()
  })
  afterAll(() => disk.remove())

  const log = () => readFile(postgres.logFile, 'utf8')
  const panics = async () => (await log()).split('PANIC:').length - 1

  test('does not sync, the database starts again by itself, and nothing acknowledged is lost', async () => {
    const clients = startRetryingClients(instance)
    const rounds = 5
    for (let round = 1; round <= rounds; round += 1) {
      await clients.untilAnswered(50)
      disk.failNextSync()
      await until(async () => !disk.isSyncToFail && (await panics()) >= round)
    }
    await clients.untilAnswered(50)
    await clients.stop()
    // The fault was there, and the server that came back is the one that was there before.
    expect(await panics()).toBeGreaterThanOrEqual(rounds)
    expect(await log()).toMatch(/could not (fdatasync|fsync) file/)
    await expectAnswersInLedger(database, clients.answered)
  }, 300_000)

  test('is full, requests get 503 in time, and go on when there is room, with nothing lost', async () => {
    const clients = startRetryingClients(instance)
    await clients.untilAnswered(100)
    // A server that cannot create a WAL file panics, which is the next test: here it has a fresh one.
    await queryAsAdmin(database, 'SELECT pg_switch_wal()')
    // The first write after the switch creates it. With 16 clients, one of 17 answers is to a request sent since.
    await clients.untilAnswered(17)
    disk.fill()
    await until(() => (clients.refusals.get('database_unavailable') ?? 0) >= 16)
    expect(await log()).toContain('No space left on device')
    disk.free()
    await clients.untilAnswered(100)
    await clients.stop()
    expect(await panics()).toBe(0)
    await expectAnswersInLedger(database, clients.answered)
  }, 300_000)

  test('has no room for its log of changes, it ends, and with room it comes back with all that was acknowledged', async () => {
    const clients = startRetryingClients(instance)
    await clients.untilAnswered(100)
    disk.fill()
    for (let tries = 0; tries < 100; tries += 1) {
      await queryAsAdmin(database, 'SELECT pg_switch_wal()').catch(() => {})
      if ((await panics()) > 0) break
    }
    expect(await panics()).toBeGreaterThan(0)
    disk.free()
    // As whoever supervises the server does, if it could not recover on a disk that was still full.
    await postgres.restart()
    await clients.untilAnswered(100)
    await clients.stop()
    await expectAnswersInLedger(database, clients.answered)
  }, 300_000)
})
