import { Readable } from 'node:stream'
import { z } from 'zod'
import { withTimeout } from '@ordinal/deadline'
import { route, sharedFor, type Route } from '@ordinal/http'
import type { Logger } from '@ordinal/logging'
import { openMetricsType, type Metrics } from '@ordinal/metrics'
import { createPeriodicTask } from '@ordinal/periodic-task'

/** One thing that a service needs, or that its operators want to see. */
export interface HealthCheck {
  name: string
  /** The service is not ready without it. */
  required: boolean
  /** Resolves to what there is to tell (`up`, a breaker's state); rejects when it is down. */
  check: () => Promise<string> | string
}

const checkTimeoutMs = 2_000

const status = z.enum(['ok', 'degraded', 'unavailable'])
const summary = z
  .object({
    status,
    service: z.string(),
    version: z.string(),
    uptime_seconds: z.number(),
    authentication_required: z.boolean(),
    checks: z.record(z.string(), z.string()),
  })
  .meta({ id: 'Health' })
const poolStats = z.object({ total: z.int(), idle: z.int(), waiting: z.int(), max: z.int() })

interface InspectionDeps {
  name: string
  version: string
  checks: readonly HealthCheck[]
  /** Whether it answers strangers nothing but probes and documents. */
  authenticationRequired: boolean
  /** False while the service is stopping. */
  accepting: () => boolean
  log: Logger
}

/** Checks everything that a service needs. Never rejects. */
type Inspect = () => Promise<z.input<typeof summary>>

interface HealthDeps {
  inspect: Inspect
  metrics: Metrics
  /** Whether traces are recorded, so that there is something to gain from OpenMetrics. */
  traces?: boolean
  /** How long all requests share one text. */
  metricsMaxAgeMs: number
  poolStats: () => z.input<typeof poolStats>
}

/** `/health`, `/health/live`, `/health/ready`, `/metrics` and `/metrics/db`. */
export function healthRoutes(deps: HealthDeps): Route[] {
  const scrape = sharedFor(
    deps.metricsMaxAgeMs,
    async () => Buffer.from(await deps.metrics.scrape()) as unknown as string,
  )
  const scrapeOpenMetrics = sharedFor(deps.metricsMaxAgeMs, () => deps.metrics.scrapeOpenMetrics())
  const inspect = sharedFor(Math.min(250, deps.metricsMaxAgeMs), deps.inspect)
  const probe = { method: 'get', tag: 'operations', probe: true } as const
  const inspection = {
    ...probe,
    answers: { 200: summary, 503: summary },
    async handle() {
      const body = await inspect()
      return { status: body.status === 'unavailable' ? (503 as const) : (200 as const), body }
    },
  }
  return [
    route({ ...inspection, path: '/health', summary: 'How the service and what it needs are' }),
    route({
      ...probe,
      path: '/health/live',
      summary: 'Whether the process answers',
      answers: { 200: z.object({ status: z.literal('ok') }) },
      unlimited: true,
      handle: () => ({ status: 200, body: { status: 'ok' as const } }),
    }),
    route({
      ...inspection,
      unlimited: true,
      path: '/health/ready',
      summary: 'Whether requests should be sent here: not while its database is away, nor while it stops',
    }),
    route({
      ...probe,
      path: '/metrics',
      summary:
        'Metrics in the text format of Prometheus; with tracing also in that of OpenMetrics, if asked for',
      media: ['text/plain; version=0.0.4; charset=utf-8', openMetricsType],
      answers: { 200: z.string() },
      async handle({ headers }) {
        if (!deps.traces || !String(headers.accept).includes('application/openmetrics-text'))
          return { status: 200, body: await scrape() }
        // In pieces, as all answers are that name their type.
        const body = Readable.from([Buffer.from(await scrapeOpenMetrics())])
        return { status: 200, body, headers: { 'Content-Type': openMetricsType } }
      },
    }),
    route({
      ...probe,
      path: '/metrics/db',
      summary: 'The pool of database connections',
      answers: { 200: poolStats },
      handle: () => ({ status: 200, body: deps.poolStats() }),
    }),
  ]
}

export function createInspection(deps: InspectionDeps): Inspect {
  const { name, version, checks, authenticationRequired, accepting, log } = deps
  const down = new Set<string>()

  /** A health page may be public: why something is down is logged instead, once each time that it goes down. */
  async function inspectOne({ name, required, check }: HealthCheck) {
    try {
      const told = await withTimeout(check(), checkTimeoutMs)
      if (down.delete(name)) log.info('a health check passes again', { check: name })
      return { name, required, up: true, told }
    } catch (error) {
      if (!down.has(name)) log.warn('a health check fails', { check: name, error })
      down.add(name)
      return { name, required, up: false, told: 'down' }
    }
  }

  async function inspect(): ReturnType<Inspect> {
    const results = await Promise.all(checks.map(inspectOne))
    const unavailable = !accepting() || results.some(({ up, required }) => !up && required)
    const degraded = results.some(({ up }) => !up)
    return {
      status: unavailable ? 'unavailable' : degraded ? 'degraded' : 'ok',
      service: name,
      version,
      uptime_seconds: Math.round(process.uptime()),
      authentication_required: authenticationRequired,
      checks: Object.fromEntries([
        ...results.map(({ name, told }) => [name, told] as const),
        ...(accepting() ? [] : [['accepting_requests', 'stopping'] as const]),
      ]),
    }
  }
  // Calls at the same time share an answer: a flood of probes is one ping of the database at a time.
  let asked: ReturnType<Inspect> | undefined
  return () => (asked ??= inspect().finally(() => (asked = undefined)))
}

const readinessEveryMs = 2_000

/** Tells again and again whether a service is ready; `start` resolves when it has told it for the first time. */
export function watchReadiness(inspect: Inspect, tell: (ready: boolean) => void) {
  const look = async () => tell((await inspect()).status !== 'unavailable')
  const task = createPeriodicTask({
    run: look,
    // It never fails: what is down, the inspection tells.
    report: () => undefined,
    everyMs: readinessEveryMs,
    firstAfterMs: readinessEveryMs,
  })
  return {
    async start(): Promise<void> {
      await look()
      task.start()
    },
    stop: () => task.stop(),
  }
}
