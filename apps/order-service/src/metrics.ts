import { Counter, Gauge, type Registry } from 'prom-client'
import { withDeadline } from '@ordinal/database'
import type { Pool } from 'pg'
import { conflictReasons, type ConflictReason } from './number-conflicts'

export type OrderMetrics = ReturnType<typeof createOrderMetrics>

const countLimitMs = 1_000

/** The metrics of numbering orders. */
export function createOrderMetrics(registry: Registry, pool: Pool) {
  const registers = [registry]
  const db = withDeadline(pool, countLimitMs)
  new Gauge({
    name: 'order_service_orders_without_number',
    help: 'Orders that wait for their number; every instance shows all of them. NaN if the database does not tell',
    registers,
    async collect() {
      this.set(await countWithoutNumber().catch(() => NaN))
    },
  })
  new Gauge({
    name: 'order_service_oldest_order_without_number_seconds',
    help: 'Age of the oldest order that waits for its number; 0 if none does, NaN if the database does not tell',
    registers,
    async collect() {
      this.set(await ageOfOldest().catch(() => NaN))
    },
  })
  const numbered = new Counter({
    name: 'order_service_orders_numbered_later_total',
    help: 'Orders that did not get their number when they were placed, and have it now',
    registers,
  })

  const conflicts = new Counter({
    name: 'order_service_number_conflicts_total',
    help: 'Numbers that the sequencer answered and that an order could not take; the order then asks under another key',
    labelNames: ['reason'],
    registers,
  })
  for (const reason of conflictReasons) conflicts.inc({ reason }, 0)

  async function countWithoutNumber() {
    const { rows } = await db.query<{ count: number }>(
      'SELECT count(*) FROM orders WHERE order_number IS NULL',
    )
    return rows[0]!.count
  }

  async function ageOfOldest() {
    const { rows } = await db.query<{ seconds: number }>(
      `SELECT greatest(0, extract(epoch FROM now() - created_at))::float8 AS seconds
       FROM orders WHERE order_number IS NULL ORDER BY id LIMIT 1`,
    )
    return rows[0]?.seconds ?? 0
  }

  return {
    numbered: (count: number) => numbered.inc(count),
    conflicted: (reason: ConflictReason) => conflicts.inc({ reason }),
  }
}

export type UserMetrics = ReturnType<typeof createUserMetrics>

/** The metrics of the memory of verified users. */
export function createUserMetrics(registry: Registry) {
  const registers = [registry]
  const fallbacks = new Counter({
    name: 'order_service_user_fallbacks_total',
    help: 'Users looked for in the memory, since the user service did not tell: remembered, or unknown and refused',
    labelNames: ['outcome'],
    registers,
  })
  for (const outcome of ['remembered', 'unknown']) fallbacks.inc({ outcome }, 0)
  return {
    fellBack: (outcome: 'remembered' | 'unknown') => fallbacks.inc({ outcome }),
    observeMemory(size: () => number): void {
      new Gauge({
        name: 'order_service_remembered_users',
        help: 'Users who were found active a moment ago, and may order while the user service is away',
        registers,
        collect() {
          this.set(size())
        },
      })
    },
  }
}
