import { Counter, Gauge, type Registry } from 'prom-client'
import type { BreakerState } from './breaker'
import type { ServiceClient } from './service-client'

const VALUE_OF_STATE: Record<BreakerState, number> = { closed: 0, half_open: 1, open: 2 }

/**
 * Adds the metrics of service clients to a registry, read when they are collected:
 * `<prefix>_circuit_breaker_state{service}` (0 closed, 1 half-open, 2 open),
 * `<prefix>_circuit_breaker_opened_total{service}`, `<prefix>_client_requests_total{service,outcome}` and
 * `<prefix>_client_retries_total{service}`.
 */
export function registerBreakerMetrics(
  registry: Registry,
  prefix: string,
  clients: readonly ServiceClient[],
): void {
  const registers = [registry]
  new Gauge({
    name: `${prefix}_circuit_breaker_state`,
    help: 'State of the circuit breaker (0 closed, 1 half-open, 2 open)',
    labelNames: ['service'],
    registers,
    collect() {
      for (const client of clients) this.set({ service: client.name }, VALUE_OF_STATE[client.state()])
    },
  })
  new Counter({
    name: `${prefix}_circuit_breaker_opened_total`,
    help: 'How often the circuit breaker has opened',
    labelNames: ['service'],
    registers,
    collect() {
      this.reset()
      for (const client of clients) this.inc({ service: client.name }, client.counts().opened)
    },
  })
  new Counter({
    name: `${prefix}_client_requests_total`,
    help: 'Requests to other services by outcome, with those that were repeats, and those that were not sent',
    labelNames: ['service', 'outcome'],
    registers,
    collect() {
      this.reset()
      for (const client of clients) {
        for (const [outcome, count] of Object.entries(client.counts().outcomes)) {
          this.inc({ service: client.name, outcome }, count)
        }
      }
    },
  })
  new Counter({
    name: `${prefix}_client_retries_total`,
    help: 'Requests to other services that repeated one that had failed',
    labelNames: ['service'],
    registers,
    collect() {
      this.reset()
      for (const client of clients) this.inc({ service: client.name }, client.counts().retries)
    },
  })
}
