import type { ServiceName } from './config'
import { services } from './ordinal'
import { quantileBetween, samplesIn, sumOf, type Sample } from './samples'

// A service that is asked every two seconds and does not answer in this time shows as down within five.
const patienceMs = 2_500

/** What `/health` of a service answers. */
export interface Health {
  status: 'ok' | 'degraded' | 'unavailable'
  version: string
  uptime_seconds: number
  /** Whether strangers are answered nothing; undefined: an earlier version does not say it. */
  authentication_required?: boolean
  checks: Record<string, string>
}

/** What is checked, and how it is. A ledger that is refused is not away: its database answers. */
export function checksOf({ checks }: Health): [check: string, state: string][] {
  return Object.entries(checks).map(([check, state]) =>
    check === 'ledger' && state === 'down' && checks.database === 'up' ? [check, 'refused'] : [check, state],
  )
}

const prefixes: Record<ServiceName, string> = {
  users: 'user_service',
  orders: 'order_service',
  sequencer: 'sequencer',
}

/** @throws TypeError where the service does not answer */
export async function fetchHealth(name: ServiceName, signal: AbortSignal): Promise<Health> {
  return (await get(name, '/health', signal)).json() as Promise<Health>
}

/** What a service did since it was asked last. */
export interface Traffic {
  requestsPerSecond: number | undefined
  p95Seconds: number | undefined
  /** All metrics, for what only one service has. */
  samples: readonly Sample[]
}

const before = new Map<ServiceName, { at: number; samples: readonly Sample[] }>()

export async function fetchTraffic(name: ServiceName, signal: AbortSignal): Promise<Traffic> {
  const samples = samplesIn(await (await get(name, '/metrics', signal)).text())
  const now = { at: performance.now(), samples }
  const last = before.get(name)
  before.set(name, now)
  const prefix = prefixes[name]
  const calls = (of: readonly Sample[]) => of.filter(({ labels }) => !isOfOperations(labels.route))
  const served = (of: readonly Sample[]) => sumOf(calls(of), `${prefix}_requests_total`)
  if (!last || served(samples) < served(last.samples))
    return { requestsPerSecond: undefined, p95Seconds: undefined, samples }
  return {
    requestsPerSecond: (served(samples) - served(last.samples)) / ((now.at - last.at) / 1000),
    p95Seconds: quantileBetween(
      calls(last.samples),
      calls(samples),
      `${prefix}_request_duration_seconds`,
      0.95,
    ),
    samples,
  }
}

/** Routes of probes and pages, which are no work of the service. */
const isOfOperations = (route = '') => /^\/(health|metrics|dashboard|docs|openapi)/.test(route)

async function get(name: ServiceName, path: string, signal: AbortSignal): Promise<Response> {
  const base = services()[name]
  if (base === undefined) throw new TypeError(`No address of the service: ${name}`)
  return fetch(base.replace(/\/$/, '') + path, {
    cache: 'no-store',
    credentials: 'omit',
    signal: AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]),
  })
}
