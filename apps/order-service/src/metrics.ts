import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { Queryable } from '@ordinal/database'
import type { UserMetrics } from './clients/users'
import { conflictReasons } from './domain/number-conflict'
import type { ConflictMetrics } from './numbering/conflicts'
import type { NumberingMetrics } from './numbering/number-batch'
import { ageOfOldestWithoutNumber, countWithoutNumber } from './numbering/queries'

/**
 * The metrics of numbering orders.
 *
 * @param db answers soon, or fails: a scrape waits for it
 */
export function createNumberingMetrics(
  registry: Registry,
  db: Queryable,
): NumberingMetrics & ConflictMetrics {
  const registers = [registry]
  // One look for both: a scrape asks for them at the same time.
  let looking: ReturnType<typeof countWithoutNumber> | undefined
  const look = () =>
    (looking ??= countWithoutNumber(db)
      .catch(() => ({ listed: NaN, deleted: NaN }))
      .finally(() => (looking = undefined)))
  new Gauge({
    name: 'order_service_orders_without_number',
    help: 'Orders that wait for their number, as lists have them; every instance shows all of them. NaN if the database does not answer',
    registers,
    async collect() {
      this.set((await look()).listed)
    },
  })
  new Gauge({
    name: 'order_service_deleted_orders_without_number',
    help: 'Deleted orders that wait for their number; every instance shows all of them. NaN if the database does not answer',
    registers,
    async collect() {
      this.set((await look()).deleted)
    },
  })
  new Gauge({
    name: 'order_service_oldest_order_without_number_seconds',
    help: 'Age of the oldest order that waits for its number, deleted or not; 0 if none does, NaN if the database does not answer',
    registers,
    async collect() {
      this.set(await ageOfOldestWithoutNumber(db).catch(() => NaN))
    },
  })
  const placed = new Counter({
    name: 'order_service_orders_placed_total',
    help: 'Orders stored, of which each gets a number',
    registers,
  })
  // 10 s is the promise that SLOs hold.
  const numberWait = new Histogram({
    name: 'order_service_number_wait_seconds',
    help: 'Time from an order being stored to its number being written',
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600],
    registers,
  })
  const numberedLater = new Counter({
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

  return {
    placed: () => placed.inc(),
    // The database's clock may be a little ahead of ours.
    numbered: (storedAt) => numberWait.observe(Math.max(0, Date.now() - storedAt.getTime()) / 1000),
    numberedLater: (count) => numberedLater.inc(count),
    conflicted: (reason) => conflicts.inc({ reason }),
  }
}

/** The metrics of the memory of verified users. */
export function createUserMetrics(registry: Registry): UserMetrics {
  const registers = [registry]
  const fallbacks = new Counter({
    name: 'order_service_user_fallbacks_total',
    help: 'Users looked up in the memory because the user service did not answer: remembered, or unknown and refused',
    labelNames: ['outcome'],
    registers,
  })
  for (const outcome of ['remembered', 'unknown']) fallbacks.inc({ outcome }, 0)
  return {
    fellBack: (outcome) => fallbacks.inc({ outcome }),
    observeMemory(size) {
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
