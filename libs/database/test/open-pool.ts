import type { Pool } from 'pg'
import { createPool, type PoolSettings } from '../src'

/** A pool with the settings of a test, whose timeouts are short. */
export function openPool(url: string, changed: Partial<PoolSettings> = {}): Pool {
  return createPool({
    url,
    applicationName: 'test',
    maxConnections: 4,
    connectTimeoutMs: 5_000,
    useTimeoutMs: 20_000,
    statementTimeoutMs: 10_000,
    onError: () => {},
    ...changed,
  })
}

/** The process ids of all backends that the pool has once it is full. */
export async function backendPids(pool: Pool): Promise<number[]> {
  // All at once, so that none is asked twice.
  const clients = await Promise.all(Array.from({ length: pool.options.max }, () => pool.connect()))
  const results = await Promise.all(
    clients.map((client) => client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')),
  )
  for (const client of clients) client.release()
  return results.map(({ rows }) => rows[0]!.pid).sort((a, b) => a - b)
}
