import { createCutProxy, createTestDatabase, type CutProxy, type TestDatabase, until } from '@ordinal/testing'
import type { Pool } from 'pg'
import { createLogger } from '@ordinal/logging'
import { createListener } from '../src/listener'
import { createOutbox } from '../src'
import { openPool } from './stage'

let database: TestDatabase
let proxy: CutProxy
let pool: Pool
let news = 0
let listener: ReturnType<typeof createListener>

beforeAll(async () => {
  database = await createTestDatabase()
})
beforeEach(async () => {
  const url = new URL(database.url)
  proxy = await createCutProxy({ host: url.hostname, port: Number(url.port) })
  url.port = String(proxy.port)
  pool = openPool(database.url)
  news = 0
  const log = createLogger({ service: 'test', level: 'error' })
  const onNews = () => (news += 1)
  listener = createListener({
    url: url.href,
    applicationName: 'listener',
    onNews,
    log,
    checkMs: 100,
    timeoutMs: 2_000,
  })
  listener.start()
  await until(() => news > 0)
})
afterEach(async () => {
  await listener.stop()
  await pool.end()
  await proxy.close()
})
afterAll(() => database.drop())

const announce = async () => {
  const outbox = createOutbox({ pool, source: 'urn:test' })
  outbox.announce('thing.made')
  await outbox.settled()
}

test('it receives what is announced; announcements at the same moment come as few notifications', async () => {
  const outbox = createOutbox({ pool, source: 'urn:test' })
  for (let n = 0; n < 1_000; n += 1) outbox.announce('thing.made')
  await outbox.settled()
  await until(() => news > 1)
  // Where the machine pauses, its connection is taken for dead, and another one made.
  expect(news).toBeLessThan(20)
})

test('when its connection is ended, it makes another one, and takes it for news', async () => {
  // That of the test before may end a moment after its client.
  const own = `pg_stat_activity WHERE application_name = 'listener'`
  await until(async () => (await pool.query(`SELECT FROM ${own}`)).rowCount === 1)
  let before = news
  const { rowCount } = await pool.query(`SELECT pg_terminate_backend(pid) FROM ${own}`)
  expect(rowCount).toBe(1)
  await until(() => news > before)
  before = news
  await announce()
  await until(() => news > before)
})

test('a connection that leads nowhere is noticed, and another one made', async () => {
  proxy.cutAt('SELECT 1', 'silence')
  await until(() => proxy.cuts === 1)
  let before = news
  await announce()
  await until(() => news > before)
  before = news
  await announce()
  await until(() => news > before)
})

test('it stops at once, also while there is no connection', async () => {
  await proxy.close()
  await pool.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'listener'`,
  )
  await listener.stop()
})
