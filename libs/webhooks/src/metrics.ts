import type { Pool } from 'pg'
import { Counter, Gauge, Histogram } from 'prom-client'
import { withQueryTimeout } from '@ordinal/database'
import type { Metrics } from '@ordinal/metrics'
import { deliveryBacklog } from './delivery-queries'
import type { NextStep } from './after-attempt'

export type WebhookMetrics = ReturnType<typeof createWebhookMetrics>

// A scrape waits for it.
const countLimitMs = 1_000
const outcomes = ['delivered', 'retry', 'failed', 'off'] as const satisfies NextStep['is'][]

/** The metrics of delivering to webhooks, named after the service. */
export function createWebhookMetrics({ registry, prefix }: Metrics, pool: Pool) {
  const registers = [registry]
  const db = withQueryTimeout(pool, countLimitMs)
  const away = { waiting: NaN, oldestSeconds: NaN, switchedOff: NaN }
  // One look for all three: they are collected at the same moment.
  let looking: Promise<typeof away> | undefined
  const look = () =>
    (looking ??= deliveryBacklog(db)
      .catch(() => away)
      .finally(() => (looking = undefined)))

  new Gauge({
    name: `${prefix}_webhook_deliveries_waiting`,
    help: 'Deliveries that wait for webhooks that are on; every instance shows all of them. NaN if the database does not tell',
    registers,
    async collect() {
      this.set((await look()).waiting)
    },
  })
  new Gauge({
    name: `${prefix}_webhook_deliveries_oldest_seconds`,
    help: 'Age of the oldest delivery that waits for a webhook that is on; 0 if none does, NaN if the database does not tell',
    registers,
    async collect() {
      this.set((await look()).oldestSeconds)
    },
  })
  new Gauge({
    name: `${prefix}_webhooks_switched_off`,
    help: 'Webhooks that were switched off because their receiver failed for too long or answered 410; every instance shows all',
    registers,
    async collect() {
      this.set((await look()).switchedOff)
    },
  })
  const attempts = new Counter({
    name: `${prefix}_webhook_attempts_total`,
    help: 'Attempts to deliver to webhooks, by what became of the delivery',
    labelNames: ['outcome'],
    registers,
  })
  for (const outcome of outcomes) attempts.inc({ outcome }, 0)
  const duration = new Histogram({
    name: `${prefix}_webhook_attempt_duration_seconds`,
    help: 'How long receivers of webhooks took to answer',
    buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 15],
    registers,
  })

  return {
    attempted(outcome: NextStep['is'], durationMs: number): void {
      attempts.inc({ outcome })
      duration.observe(durationMs / 1000)
    },
  }
}
