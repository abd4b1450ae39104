import type { Pool } from 'pg'
import { Gauge, type Registry } from 'prom-client'

export interface PoolStats {
  /** Connections open, or being opened. */
  total: number
  /** Those of them that nobody uses. */
  idle: number
  /** Callers that wait for a connection. */
  waiting: number
  /** Connections there may be at most. */
  max: number
}

/** The pool at this moment, for `GET /metrics/db`. */
export function poolStats(pool: Pool): PoolStats {
  return {
    total: pool.totalCount,
    idle: pool.idleCount,
    waiting: pool.waitingCount,
    max: pool.options.max,
  }
}

/**
 * Adds the gauges `<prefix>_db_pool_connections{state="total|idle|used"}`, `<prefix>_db_pool_max_connections` and
 * `<prefix>_db_pool_waiting`, read when the registry is scraped.
 */
export function registerPoolMetrics(registry: Registry, pool: Pool, prefix: string): void {
  new Gauge({
    name: `${prefix}_db_pool_connections`,
    help: 'Connections of the database pool',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const { total, idle } = poolStats(pool)
      this.set({ state: 'total' }, total)
      this.set({ state: 'idle' }, idle)
      this.set({ state: 'used' }, total - idle)
    },
  })
  new Gauge({
    name: `${prefix}_db_pool_max_connections`,
    help: 'Connections that the database pool may have at most',
    registers: [registry],
    collect() {
      this.set(poolStats(pool).max)
    },
  })
  new Gauge({
    name: `${prefix}_db_pool_waiting`,
    help: 'Callers that wait for a connection of the database pool',
    registers: [registry],
    collect() {
      this.set(poolStats(pool).waiting)
    },
  })
}
