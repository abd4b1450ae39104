import type { Pool } from 'pg'
import { createWriteCheck, poolStats } from '@ordinal/database'
import type { ErrorTable } from '@ordinal/errors'
import {
  createHttpService,
  watchCertificates,
  type GrpcChassis,
  type GrpcServer,
  type HttpSettings,
  type OpenApiDocument,
  type PublishedSchema,
  type Route,
  type ServerTls,
  type StaticSite,
} from '@ordinal/http'
import type { ClosableLogger, Logger } from '@ordinal/logging'
import type { Metrics } from '@ordinal/metrics'
import type { ManagedKeys, TokenSettings } from '@ordinal/middleware'
import type { Tracing } from '@ordinal/tracing'
import type { Pools } from './database'
import { fromDatabase } from './database-errors'
import { createDebugListener } from './debug-listener'
import { createInspection, healthRoutes, watchReadiness, type HealthCheck } from './health'
import { shutdownStep } from './shutdown-step'
import { version } from '../../../package.json'

// What each step of a shutdown gets at least, when the requests under way have used up the time for all.
const leastStepMs = 1_000
// A profile that the end cuts short has this long to be written, and to be taken by its client.
const profileWriteMs = 5_000
// Sooner than those who ask lose patience; and so few writes that an idle database hardly notices.
const databaseCheck = { timeoutMs: 1_500, writeEveryMs: 5_000 }

export interface ServiceOptions<Code extends string = string> {
  name: string
  description: string
  http: HttpSettings
  /** How tokens are checked, in a service that takes any. */
  tokens?: TokenSettings
  /** The keys of machines, besides those that the settings have. */
  managedKeys?: ManagedKeys | undefined
  log: ClosableLogger
  metrics: Metrics
  /** Records traces; undefined if it is off. */
  tracing?: Tracing | undefined
  /** Its errors: those of any service, and its own. */
  errors: ErrorTable<Code>
  routes: readonly Route<NoInfer<Code>>[]
  /** The JSON Schemas of the events that it publishes, if it publishes any. */
  eventSchemas?: () => readonly PublishedSchema[]
  /** A web page that it serves. */
  site?: StaticSite | undefined
  /** The calls that it takes over gRPC: `grpcServer()` of @ordinal/grpc. */
  grpc?: { port: number; serve: (chassis: GrpcChassis) => GrpcServer }
  pool: Pool
  /** The pools of the other classes of requests; without them probes use `pool`. */
  pools?: Pools
  /** What it needs or watches besides its database. */
  checks?: readonly HealthCheck[]
  /** What goes on in the background, started with the service. */
  background?: readonly { start(): void; stop(): Promise<void> }[]
  /** Called when nothing needs it any more; the pool is closed after it. */
  close?: () => void
}

export interface Service {
  name: string
  /** Made when it is first asked for. */
  readonly openApi: OpenApiDocument
  /** Where calls are taken over gRPC; undefined before the start, and without it. */
  readonly grpcPort: number | undefined
  /** Takes requests; resolves to the port. */
  start(): Promise<number>
  /**
   * Turns unready, finishes what is under way and closes everything, within `shutdownDrainMs`, `shutdownTimeoutMs`
   * and 3 s for what a request would not wait for. Safe to call twice.
   */
  stop(): Promise<void>
}

/** The life of a service: starts its HTTP, gRPC and what runs in the background, answers probes, and stops it all in order. */
export function createService<Code extends string>(options: ServiceOptions<Code>): Service {
  const { name, http: settings, log, metrics, tracing, pool, background = [], close } = options
  const allowedHosts = settings.allowedHosts ?? []
  // Node's default listens on IPv4 alone where there is no IPv6.
  const host = settings.host === '::' ? undefined : settings.host
  let accepting = true

  const checkWrites = createWriteCheck(options.pools?.probe ?? pool, databaseCheck)
  const database = { name: 'database', required: true, check: () => checkWrites().then(() => 'up') }
  const inspect = createInspection({
    name,
    version,
    checks: [database, ...(options.checks ?? [])],
    // By what the routes ask for: a variable may say otherwise for this service alone.
    authenticationRequired: options.routes.every(({ requires }) => requires !== undefined),
    accepting: () => accepting,
    log,
  })
  const probes = healthRoutes({
    inspect,
    metrics,
    traces: tracing !== undefined,
    metricsMaxAgeMs: settings.metricsMaxAgeMs,
    poolStats: () => poolStats(pool),
  })
  const { description, tokens, managedKeys, routes, eventSchemas, site, errors } = options
  const heavyPlaces = 2 * (options.pools?.heavy.options.max ?? 2)
  const tls = tlsOf(settings, log, metrics)
  const http = createHttpService({
    name,
    description,
    settings,
    tls,
    tokens,
    managedKeys,
    routes,
    eventSchemas,
    errors,
    probes,
    site,
    heavyPlaces,
    translations: [fromDatabase],
    log,
    metrics,
    tracing,
  })
  const { server, limiter } = http
  const grpc = options.grpc?.serve(http.grpc)
  const { debugPort, debugHost } = settings
  const debug = debugPort === undefined ? undefined : createDebugListener({ name, log, probes, allowedHosts })
  const readiness = grpc && watchReadiness(inspect, (ready) => grpc.setServing(ready))
  let grpcPort: number | undefined

  async function stop(): Promise<void> {
    accepting = false
    grpc?.setServing(false)
    http.endStreams()
    // Load balancers send requests until they have seen the 503 of /health/ready.
    if (settings.shutdownDrainMs > 0) await server.drain(settings.shutdownDrainMs)
    const deadline = performance.now() + settings.shutdownTimeoutMs
    const leftMs = () => Math.max(leastStepMs, deadline - performance.now())
    const writeMs = () => Math.min(profileWriteMs, leftMs() - leastStepMs / 2)
    void readiness?.stop()
    void tls?.certificates.stop()
    await Promise.all([server.close(settings.shutdownTimeoutMs), grpc?.close(settings.shutdownTimeoutMs)])
    await Promise.all(
      background.map((task) => shutdownStep('a background task', () => task.stop(), leftMs(), log)),
    )
    close?.()
    limiter?.stop()
    await Promise.all([
      tracing && shutdownStep('the export of traces', () => tracing.stop(), leastStepMs, log),
      ...[pool, ...Object.values<Pool>({ ...options.pools })].map((each) =>
        shutdownStep('the database pool', () => each.end(), leftMs(), log),
      ),
      // Until now it showed what the rest was waiting for.
      debug && shutdownStep('the debug listener', () => debug.close(writeMs()), leftMs(), log),
    ])
    log.info('stopped')
    http.flush()
    await shutdownStep('the log', () => log.close(), leastStepMs, log)
  }

  let stopping: Promise<void> | undefined
  return {
    name,
    get openApi() {
      return http.openApi()
    },
    get grpcPort() {
      return grpcPort
    },
    async start() {
      tracing?.start()
      if (debug && debugPort !== undefined) {
        const port = await debug.listen(debugPort, debugHost)
        log.info('debug listener', { address: debugHost, port })
      }
      let port: number
      try {
        await limiter?.start()
        await readiness?.start()
        // Before HTTP, which is asked whether all is ready.
        if (options.grpc) grpcPort = await grpc?.listen(options.grpc.port, host)
        port = await server.listen(settings.port, host)
      } catch (error) {
        limiter?.stop()
        void readiness?.stop()
        await Promise.all([grpc?.close(0), debug?.close(0)])
        throw error
      }
      for (const task of background) task.start()
      tls?.certificates.start()
      log.info('listening', {
        address: settings.host,
        port,
        ...(grpcPort !== undefined && { grpc_port: grpcPort }),
        ...(tls && { tls: true }),
        version,
      })
      return port
    },
    stop: () => (stopping ??= stop()),
  }
}

/** How the service speaks TLS, if it does. */
function tlsOf(settings: HttpSettings, log: Logger, metrics: Metrics): ServerTls | undefined {
  const { tlsCertFile, tlsKeyFile, tlsCaFile, tlsReloadMs = 5_000 } = settings
  if (tlsCertFile === undefined) return undefined
  const files = { certFile: tlsCertFile, keyFile: tlsKeyFile, caFile: tlsCaFile }
  return {
    certificates: watchCertificates({ files, use: 'server', everyMs: tlsReloadMs, log, metrics }),
    requireClientCertificate: settings.tlsRequireClientCertificate ?? false,
  }
}
