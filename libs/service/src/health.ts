import type { Metrics } from '@ordinal/metrics'
import { z } from 'zod'
import { route, type Route } from './route'

/** One thing that a service needs, or that its operators want to see. */
export interface HealthCheck {
  name: string
  /** The service is not ready without it. */
  required: boolean
  /** Resolves to what there is to tell (`up`, a breaker's state); rejects when it is down. */
  check(): Promise<string> | string
}

const status = z.enum(['ok', 'degraded', 'unavailable'])
const summary = z.object({
  status,
  service: z.string(),
  version: z.string(),
  uptime_seconds: z.number(),
  checks: z.record(z.string(), z.string()),
})
const poolStats = z.object({ total: z.int(), idle: z.int(), waiting: z.int(), max: z.int() })

interface HealthDeps {
  name: string
  version: string
  checks: readonly HealthCheck[]
  /** False while the service is stopping. */
  accepting: () => boolean
  metrics: Metrics
  poolStats: () => z.input<typeof poolStats>
}

/** `/health`, `/health/live`, `/health/ready`, `/metrics` and `/metrics/db`. */
export function healthRoutes(deps: HealthDeps): Route[] {
  const probe = { method: 'get', tag: 'operations', probe: true } as const
  const inspect = () => inspectHealth(deps)
  return [
    route({
      ...probe,
      path: '/health',
      summary: 'How the service and what it needs are',
      answers: { 200: summary, 503: summary },
      async handle() {
        const body = await inspect()
        return { status: body.status === 'unavailable' ? 503 : 200, body }
      },
    }),
    route({
      ...probe,
      path: '/health/live',
      summary: 'Whether the process answers',
      answers: { 200: z.object({ status: z.literal('ok') }) },
      handle: () => ({ status: 200, body: { status: 'ok' as const } }),
    }),
    route({
      ...probe,
      path: '/health/ready',
      summary: 'Whether requests should be sent here: not while its database is away, nor while it stops',
      answers: { 200: summary, 503: summary },
      async handle() {
        const body = await inspect()
        return { status: body.status === 'unavailable' ? 503 : 200, body }
      },
    }),
    route({
      ...probe,
      path: '/metrics',
      summary: 'Metrics in the text format of Prometheus',
      media: 'text/plain; version=0.0.4; charset=utf-8',
      answers: { 200: z.string() },
      handle: async () => ({ status: 200, body: await deps.metrics.scrape() }),
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

async function inspectHealth({ name, version, checks, accepting }: HealthDeps): Promise<z.input<typeof summary>> {
  const results = await Promise.all(checks.map(inspectOne))
  const down = results.filter(({ up }) => !up)
  const unavailable = !accepting() || down.some(({ required }) => required)
  return {
    status: unavailable ? 'unavailable' : down.length > 0 ? 'degraded' : 'ok',
    service: name,
    version,
    uptime_seconds: Math.round(process.uptime()),
    checks: Object.fromEntries([
      ...results.map(({ name, told }) => [name, told] as const),
      ...(accepting() ? [] : [['accepting_requests', 'stopping'] as const]),
    ]),
  }
}

/** The reason why something is down stays in the log: a health page may be public. */
async function inspectOne({ name, required, check }: HealthCheck) {
  try {
    return { name, required, up: true, told: await check() }
  } catch {
    return { name, required, up: false, told: 'down' }
  }
}
