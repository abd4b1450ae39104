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
  const query = 'SELECT pg_backend_pid() AS pid FROM pg_sleep(0.1)'
  const results = await Promise.all(
    Array.from({ length: pool.options.max }, () => pool.query<{ pid: number }>(query)),
  )
  return results.map(({ rows }) => rows[0]!.pid).sort((a, b) => a - b)
}
