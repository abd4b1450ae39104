import { createTestDatabase, type TestDatabase } from '@ordinal/testing'
import type { Pool } from 'pg'
import { Registry } from 'prom-client'
import { poolStats, registerPoolMetrics } from '../src'
import { openPool } from './open-pool'

let database: TestDatabase
let pool: Pool

beforeAll(async () => {
  database = await createTestDatabase()
  pool = openPool(database.url, { maxConnections: 2 })
})
afterAll(async () => {
  await pool.end()
  await database.drop()
})

test('the stats and the gauges tell the state of the pool at the moment they are read', async () => {
  const registry = new Registry()
  registerPoolMetrics(registry, pool, 'order')
  const gauges = async () =>
    (await registry.metrics()).split('\n').filter((line) => line && !line.startsWith('#'))

  expect(poolStats(pool)).toEqual({ total: 0, idle: 0, waiting: 0, max: 2 })
  const [first, second] = [await pool.connect(), await pool.connect()]
  const third = pool.connect()
  expect(poolStats(pool)).toEqual({ total: 2, idle: 0, waiting: 1, max: 2 })
  expect(await gauges()).toEqual([
    'order_db_pool_connections{pool="main",state="total"} 2',
    'order_db_pool_connections{pool="main",state="idle"} 0',
    'order_db_pool_connections{pool="main",state="used"} 2',
    'order_db_pool_max_connections{pool="main"} 2',
    'order_db_pool_waiting{pool="main"} 1',
  ])

  first.release()
  const client = await third
  second.release()
  expect(poolStats(pool)).toEqual({ total: 2, idle: 1, waiting: 0, max: 2 })
  expect(await gauges()).toContain('order_db_pool_connections{pool="main",state="used"} 1')
  client.release()
})
