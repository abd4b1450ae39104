import { Counter, Gauge } from 'prom-client'
import type { Pool } from 'pg'
import { withQueryTimeout } from '@ordinal/database'
import type { Metrics } from '@ordinal/metrics'
import type { DeadLetterStore } from './dead-letters'
import { backlog } from './outbox'

export type EventMetrics = ReturnType<typeof createEventMetrics>

const countLimitMs = 1_000

/** The metrics of delivering events, named after the service. */
export function createEventMetrics({ registry, prefix }: Metrics, pool: Pool) {
  const registers = [registry]
  const db = withQueryTimeout(pool, countLimitMs)

  // One look for both: a scrape asks for them at the same time.
  let looking: ReturnType<typeof backlog> | undefined
  const look = () =>
    (looking ??= backlog(db)
      .catch(() => ({ pending: NaN, oldestSeconds: NaN }))
      .finally(() => (looking = undefined)))
  new Gauge({
    name: `${prefix}_outbox_oldest_seconds`,
    help: 'Age of the oldest event that waits in the outbox; 0 if none does, NaN if the database does not tell',
    registers,
    async collect() {
      this.set((await look()).oldestSeconds)
    },
  })
  new Gauge({
    name: `${prefix}_outbox_pending`,
    help: 'Events that wait in the outbox; every instance shows all of them. NaN if the database does not tell',
    registers,
    async collect() {
      this.set((await look()).pending)
    },
  })
  const delivered = new Counter({
    name: `${prefix}_events_delivered_total`,
    help: 'Events delivered from the outbox: to Redis, or to all consumers in this process',
    registers,
  })
  const failed = new Counter({
    name: `${prefix}_event_deliveries_failed_total`,
    help: 'Deliveries from the outbox that failed, and are tried again unless the event moved to the dead letters',
    registers,
  })
  const handled = new Counter({
    name: `${prefix}_events_handled_total`,
    help: 'Events that a consumer has handled',
    labelNames: ['consumer'],
    registers,
  })
  const died = new Counter({
    name: `${prefix}_events_dead_total`,
    help: 'Events that moved to the dead letters',
    labelNames: ['consumer'],
    registers,
  })

  return {
    delivered: (count: number) => delivered.inc(count),
    failed: (count: number) => failed.inc(count),
    handled: (consumer: string) => handled.inc({ consumer }),
    died: (consumer: string) => died.inc({ consumer }),
    /** Series that appear with their first event would hide it from a rate. */
    expect(consumers: readonly { name: string }[]): void {
      for (const { name } of consumers) {
        handled.inc({ consumer: name }, 0)
        died.inc({ consumer: name }, 0)
      }
    },
    /** Shows how many dead letters there are, asked at every scrape. */
    showDead(deadLetters: DeadLetterStore): void {
      new Gauge({
        name: `${prefix}_dead_events`,
        help: 'Dead letters that were not replayed; every instance shows all of them. NaN if the count fails',
        registers,
        async collect() {
          this.set(await deadLetters.count().catch(() => NaN))
        },
      })
    },
  }
}
