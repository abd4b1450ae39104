import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import { createExemplars, toOpenMetrics, type Exemplars } from './exemplars'

/** A request that has been answered. */
export interface ServedRequest {
  method: string
  /** The route's template, such as `/api/v1/users/{id}`; never a raw path, or every id would be a series. */
  route: string
  status: number
  seconds: number
  /** Of its trace, if that is recorded. */
  traceId?: string | undefined
}

/** In seconds. */
export const durationBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export interface Metrics {
  /** What the names of the service's metrics begin with. */
  prefix: string
  /** The service's own registry: libraries and the service add their metrics to it. */
  registry: Registry
  /** Counts a request that begins to be served. */
  requestStarted(): void
  /** Counts and times a request that was answered. */
  requestServed(request: ServedRequest): void
  /** The text that a scrape of /metrics is answered with, in the format of Prometheus. */
  scrape(): Promise<string>
  /** The same in the format of OpenMetrics, with the last recorded trace of each bucket of durations. */
  scrapeOpenMetrics(): Promise<string>
  exemplars: Exemplars
}

// HTTP has some thirty more, and a label must not have as many values as a stranger likes.
const usualMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

// Gauges of prom-client whose names are those of counters. Their values are sums of nodejs_active_resources and the like.
const misnamed = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
]

/**
 * The metrics of one service, in a registry of its own: `<prefix>_requests_total{method,route,status}`,
 * `<prefix>_request_duration_seconds`, `<prefix>_errors_total{type}`, `<prefix>_requests_in_flight`, and
 * Node's own.
 *
 * @param prefix the first part of the names, such as `user_service`
 */
export function createMetrics(prefix: string): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  for (const name of misnamed) registry.removeSingleMetric(name)

  const requests = new Counter({
    name: `${prefix}_requests_total`,
    help: 'HTTP requests answered',
    labelNames: ['method', 'route', 'status'],
    registers,
  })
  const exemplars = createExemplars()
  const durations = { name: `${prefix}_request_duration_seconds`, buckets: durationBuckets }
  const duration = new Histogram({
    ...durations,
    help: 'Time from the arrival of an HTTP request to the end of its answer',
    labelNames: ['method', 'route'],
    registers,
  })
  const errors = new Counter({
    name: `${prefix}_errors_total`,
    help: 'HTTP answers that are errors: client_error (4xx) or server_error (5xx)',
    labelNames: ['type'],
    registers,
  })
  // Both exist from the start: a rate over a series that appears with the first error misses that error.
  errors.inc({ type: 'client_error' }, 0)
  errors.inc({ type: 'server_error' }, 0)
  let inFlight = 0
  new Gauge({
    name: `${prefix}_requests_in_flight`,
    help: 'HTTP requests being served',
    registers,
    collect() {
      this.set(inFlight)
    },
  })

  return {
    prefix,
    registry,
    requestStarted: () => void (inFlight += 1),
    requestServed({ route, status, seconds, traceId, ...request }) {
      inFlight -= 1
      const method = usualMethods.has(request.method) ? request.method : 'other'
      requests.inc({ method, route, status })
      duration.observe({ method, route }, seconds)
      if (traceId !== undefined) exemplars.keep(durations, { method, route }, seconds, traceId)
      if (status >= 500) errors.inc({ type: 'server_error' })
      else if (status >= 400) errors.inc({ type: 'client_error' })
    },
    scrape: () => registry.metrics(),
    scrapeOpenMetrics: async () => toOpenMetrics(await registry.metrics(), exemplars),
    exemplars,
  }
}
