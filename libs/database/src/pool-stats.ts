import type { Pool } from 'pg'
import { Gauge, type Registry } from 'prom-client'

interface PoolStats {
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
 * `<prefix>_db_pool_waiting`, read when the registry is scraped. Several pools of a service share them, by the label `pool`.
 *
 * @param name the value of the label `pool`
 */
export function registerPoolMetrics(registry: Registry, pool: Pool, prefix: string, name = 'main'): void {
  const known = poolsOf.get(registry)
  if (known) return void known.set(name, pool)
  const pools = new Map([[name, pool]])
  poolsOf.set(registry, pools)
  new Gauge({
    name: `${prefix}_db_pool_connections`,
    help: 'Connections of the database pools',
    labelNames: ['pool', 'state'],
    registers: [registry],
    collect() {
      for (const [name, pool] of pools) {
        const { total, idle } = poolStats(pool)
        this.set({ pool: name, state: 'total' }, total)
        this.set({ pool: name, state: 'idle' }, idle)
        this.set({ pool: name, state: 'used' }, total - idle)
      }
    },
  })
  new Gauge({
    name: `${prefix}_db_pool_max_connections`,
    help: 'Connections that a database pool may have at most',
    labelNames: ['pool'],
    registers: [registry],
    collect() {
      for (const [name, pool] of pools) this.set({ pool: name }, poolStats(pool).max)
    },
  })
  new Gauge({
    name: `${prefix}_db_pool_waiting`,
    help: 'Callers that wait for a connection of a database pool',
    labelNames: ['pool'],
    registers: [registry],
    collect() {
      for (const [name, pool] of pools) this.set({ pool: name }, poolStats(pool).waiting)
    },
  })
}

const poolsOf = new WeakMap<Registry, Map<string, Pool>>()
