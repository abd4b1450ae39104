import { Counter, Gauge, type Registry } from 'prom-client'
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
  new Gauge({
    name: 'order_service_orders_without_number',
    help: 'Orders that wait for their number; every instance shows all of them. NaN if the database does not answer',
    registers,
    async collect() {
      this.set(await countWithoutNumber(db).catch(() => NaN))
    },
  })
  new Gauge({
    name: 'order_service_oldest_order_without_number_seconds',
    help: 'Age of the oldest order that waits for its number; 0 if none does, NaN if the database does not answer',
    registers,
    async collect() {
      this.set(await ageOfOldestWithoutNumber(db).catch(() => NaN))
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

  return {
    numbered: (count) => numbered.inc(count),
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
