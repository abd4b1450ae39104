import { setTimeout as delay } from 'node:timers/promises'
import express from 'express'
import type { Pool } from 'pg'
import { pingDatabase, poolStats } from '@ordinal/database'
import type { ClosableLogger } from '@ordinal/logging'
import { createConnectionMetrics, type Metrics } from '@ordinal/metrics'
import {
  accessLog,
  allowOrigins,
  alsoWhenRefused,
  callerIdentifier,
  createRefusalLog,
  checkHead,
  errorHandler,
  errorTeller,
  identifyCaller,
  inOrder,
  observeRequests,
  rateLimit,
  rateLimiter,
  requestContext,
  routeNotFound,
  securityHeaders,
  tokenVerifier,
  type TokenSettings,
} from '@ordinal/middleware'
import { createBulkheads } from './bulkheads'
import { createHoldBack } from './hold-back'
import { fromDatabase } from './database-errors'
import { shutdownStep } from './deadline'
import { createDebugListener } from './debug-listener'
import { docsFiles, docsRoutes } from './docs'
import { errorPages } from './error-pages'
import type { GrpcChassis, GrpcServer } from './grpc'
import { createInspection, healthRoutes, watchReadiness, type HealthCheck } from './health'
import { openApiDocument, type OpenApiDocument } from './openapi'
import type { Route } from './route'
import type { Pools } from './database'
import type { HttpSettings } from './http-settings'
import { createServer } from './server'
import { placeFor, serveRoutes } from './serve-routes'
import { createLiveStreams } from './stream'
import { version } from '../../../package.json'

// Of one client, for probes, metrics and documents: far more than any machine asks.
const operationsPerSecond = 1_000
// What each step of a shutdown gets at least, when the requests under way have used up the time for all.
const leastStepMs = 1_000

export interface ServiceOptions {
  name: string
  description: string
  http: HttpSettings
  /** How tokens are checked, in a service that takes any. */
  tokens?: TokenSettings
  log: ClosableLogger
  metrics: Metrics
  routes: readonly Route[]
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

/** The chassis: everything about serving that is the same for every service. */
export function createService(options: ServiceOptions): Service {
  const { name, http, log, metrics, pool } = options
  const title = name.replaceAll('-', ' ')
  const verifyToken = options.tokens && tokenVerifier(options.tokens)
  const live = createLiveStreams()
  const bulkheads = createBulkheads({
    prefix: metrics.prefix,
    registry: metrics.registry,
    heavyPlaces: 2 * (options.pools?.heavy.options.max ?? 2),
  })
  const refusals = createRefusalLog(log)
  const holdBack = createHoldBack(bulkheads.mainWork.isBusy)
  const serving = { ...http, tokensCheckable: verifyToken !== undefined, live, bulkheads }
  const allowedHosts = http.allowedHosts ?? []
  // Node's own way: IPv4 alone where there is no IPv6.
  const host = http.host === '::' ? undefined : http.host
  let accepting = true

  const database = {
    name: 'database',
    required: true,
    check: () => pingDatabase(options.pools?.probe ?? pool, 1_500).then(() => 'up'),
  }
  const inspect = createInspection({
    name,
    version,
    checks: [database, ...(options.checks ?? [])],
    accepting: () => accepting,
    log,
  })
  const probes = healthRoutes({
    inspect,
    metrics,
    metricsMaxAgeMs: http.metricsMaxAgeMs,
    poolStats: () => poolStats(pool),
  })
  const documents: Route[] = [errorPages, ...docsRoutes(title, () => openApi())]
  let document: OpenApiDocument | undefined
  const openApi = () =>
    (document ??= openApiDocument(
      { title, description: options.description, version },
      [...options.routes, ...documents, ...probes],
      { takesTokens: options.tokens !== undefined },
    ))

  const identify = callerIdentifier(http.apiKeys ?? [], verifyToken)
  const limiter =
    http.rateLimit > 0
      ? rateLimiter({ name, perSecond: http.rateLimit, redisUrl: http.redisUrl, log })
      : undefined

  // Also where calls are not limited, and each counted apart: none uses up what is left for another.
  const limitOf = (what: string) =>
    rateLimit(rateLimiter({ name: `${name}:${what}`, perSecond: operationsPerSecond, log }))

  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.set('query parser', 'simple')
  app.set('trust proxy', http.trustProxy)
  // Behind a proxy all connections come from one address.
  const connectionsPerClient = http.trustProxy > 0 ? 0 : http.connectionsPerClient
  const connections = createConnectionMetrics(metrics)
  const server = createServer(
    app,
    {
      onCut: (reason) => connections.cut('http', reason),
      onRefused({ refusal, requestId, address, isBody }) {
        const { code, status } = refusal
        log.info('a request could not be read', { request_id: requestId, status, code, ip: address })
        if (isBody) return
        metrics.requestStarted()
        metrics.requestServed({ method: 'other', route: 'unreadable', status, seconds: 0 })
      },
    },
    { connectionsPerClient, unreadMs: http.unreadTimeoutMs },
  )
  connections.watch('http', () => server.connections())
  const debug =
    http.debugPort === undefined ? undefined : createDebugListener({ name, log, probes, allowedHosts })

  app.use(
    inOrder(
      requestContext(),
      accessLog(log, refusals),
      observeRequests(metrics),
      securityHeaders(),
      checkHead(allowedHosts),
    ),
  )
  app.use(serveRoutes(probes, { ...serving, limit: limitOf('operations') }))
  if (http.corsOrigins) app.use(allowOrigins(http.corsOrigins))
  app.use(identifyCaller(identify))
  const limit = limiter && rateLimit(limiter)
  if (limit) app.use(alsoWhenRefused(limit), limit)
  app.use(serveRoutes(options.routes, serving))
  const limitOfDocuments = limit ? undefined : limitOf('documents')
  app.use(serveRoutes(documents, { ...serving, limit: limitOfDocuments }))
  app.use(docsFiles([...(limitOfDocuments ? [limitOfDocuments] : []), ...placeFor('document', bulkheads)]))
  app.use(routeNotFound)
  app.use(errorHandler(log, [fromDatabase], holdBack))

  const grpc = options.grpc?.serve({
    log,
    metrics,
    identify,
    limiter,
    tokensCheckable: serving.tokensCheckable,
    tellError: errorTeller(log, [fromDatabase]),
    bulkheads,
    holdBack,
    maxMessageBytes: http.bodyLimitBytes,
    trustProxy: http.trustProxy,
    connectionsPerClient,
    connections,
  })
  const readiness = grpc && watchReadiness(inspect, (ready) => grpc.setServing(ready))
  let grpcPort: number | undefined

  async function stop(): Promise<void> {
    accepting = false
    grpc?.setServing(false)
    live.end()
    // Load balancers send requests until they have seen the 503 of /health/ready.
    if (http.shutdownDrainMs > 0) await delay(http.shutdownDrainMs)
    const deadline = performance.now() + http.shutdownTimeoutMs
    const leftMs = () => Math.max(leastStepMs, deadline - performance.now())
    readiness?.stop()
    await Promise.all([server.close(http.shutdownTimeoutMs), grpc?.close(http.shutdownTimeoutMs)])
    const { background = [], close } = options
    await Promise.all(
      background.map((task) => shutdownStep('a background task', () => task.stop(), leftMs(), log)),
    )
    close?.()
    limiter?.stop()
    await Promise.all([
      ...[pool, ...Object.values<Pool>({ ...options.pools })].map((each) =>
        shutdownStep('the database pool', () => each.end(), leftMs(), log),
      ),
      // Until now it showed what the rest was waiting for.
      debug && shutdownStep('the debug listener', () => debug.close(leastStepMs / 2), leftMs(), log),
    ])
    log.info('stopped')
    refusals.flush()
    await shutdownStep('the log', () => log.close(), leastStepMs, log)
  }

  let stopping: Promise<void> | undefined
  return {
    name,
    get openApi() {
      return openApi()
    },
    get grpcPort() {
      return grpcPort
    },
    async start() {
      if (debug && http.debugPort !== undefined) {
        const port = await debug.listen(http.debugPort, http.debugHost)
        log.info('debug listener', { address: http.debugHost, port })
      }
      let port: number
      try {
        await limiter?.start()
        await readiness?.start()
        // Before HTTP, which is asked whether all is ready.
        if (options.grpc) grpcPort = await grpc?.listen(options.grpc.port, host)
        port = await server.listen(http.port, host)
      } catch (error) {
        limiter?.stop()
        readiness?.stop()
        await Promise.all([grpc?.close(0), debug?.close(0)])
        throw error
      }
      for (const task of options.background ?? []) task.start()
      log.info('listening', {
        address: http.host,
        port,
        ...(grpcPort !== undefined && { grpc_port: grpcPort }),
        version,
      })
      return port
    },
    stop: () => (stopping ??= stop()),
  }
}
