import express, { type Request, type RequestHandler } from 'express'
import type { ErrorTable } from '@ordinal/errors'
import type { Logger } from '@ordinal/logging'
import { createConnectionMetrics, type Metrics } from '@ordinal/metrics'
import {
  accessLog,
  allowOrigins,
  alsoWhenRefused,
  callerIdentifier,
  checkHead,
  createRefusalLog,
  errorHandler,
  errorReporter,
  identifyCaller,
  inOrder,
  observeRequests,
  rateLimit,
  rateLimiter,
  requestContext,
  routeNotFound,
  securityHeaders,
  tokenVerifier,
  traceRequests,
  withoutBasePath,
  type ManagedKeys,
  type TokenSettings,
  type TranslateError,
} from '@ordinal/middleware'
import type { Tracing } from '@ordinal/tracing'
import { createItemRunner } from './batch'
import { createBulkheads } from './bulkheads'
import { createConnectionBudget } from './server/connections'
import { docsFiles, docsRoutes } from './docs'
import { errorPages } from './error-pages'
import type { GrpcChassis } from './grpc'
import { createHoldBack } from './hold-back'
import type { HttpSettings } from './http-settings'
import { openApiDocument, type OpenApiDocument } from './openapi/document'
import { pathTable } from './path-table'
import type { Route } from './route'
import { schemaRoutes, type PublishedSchema } from './schema-routes'
import { placeFor, serveRoutes } from './serve-routes'
import { isOfSite, staticSite, type StaticSite } from './static-site'
import { createServer } from './server/server'
import { createLiveStreams } from './stream'
import type { ServerTls } from './tls/serve-tls'
import { createHandshakeLog } from './tls/handshake-log'
import { version } from '../../../package.json'

// Requests of one client for probes, metrics and documents: far more than any machine sends.
const operationsPerSecond = 1_000

interface HttpOptions {
  name: string
  description: string
  settings: HttpSettings
  /** How it speaks TLS; in clear text without. */
  tls?: ServerTls | undefined
  /** How tokens are checked, in a service that takes any. */
  tokens?: TokenSettings | undefined
  /** The keys of machines, besides those that the settings have. */
  managedKeys?: ManagedKeys | undefined
  /** Those of any service, and its own. */
  errors: ErrorTable
  routes: readonly Route[]
  /** The JSON Schemas of the events that it publishes, if it publishes any. */
  eventSchemas?: (() => readonly PublishedSchema[]) | undefined
  /** `/health` and the like, which are limited apart and need no key. */
  probes: readonly Route[]
  /** A web page that it serves. */
  site?: StaticSite | undefined
  /** How many heavy reads may go on at a time: twice the connections of their pool. */
  heavyPlaces: number
  /** Each knows errors of a library, and which of ours stand for them. */
  translations: readonly TranslateError[]
  log: Logger
  metrics: Metrics
  /** Undefined if no traces are recorded. */
  tracing?: Tracing | undefined
}

/** The HTTP of a service: its routes behind the middleware that all services share, with `/docs` and `/errors/{code}`. */
export function createHttpService(options: HttpOptions) {
  const { name, settings, tls, tokens, errors, routes, probes, site, translations, log, metrics, tracing } =
    options
  const title = name.replaceAll('-', ' ')
  const verifyToken = tokens && tokenVerifier(tokens)
  const live = createLiveStreams()
  const { prefix, registry } = metrics
  const bulkheads = createBulkheads({ prefix, registry, heavyPlaces: options.heavyPlaces })
  const refusals = createRefusalLog(log)
  const holdBack = createHoldBack(bulkheads.mainWork.isBusy)
  const { basePath = '', trustProxy } = settings

  const documents: Route[] = [
    errorPages(errors),
    ...docsRoutes(title, () => openApi()),
    ...(options.eventSchemas ? schemaRoutes(options.eventSchemas) : []),
  ]
  let document: OpenApiDocument | undefined
  const openApi = () =>
    (document ??= openApiDocument(
      { title, description: options.description, version },
      [...routes, ...documents, ...probes],
      { takesTokens: tokens !== undefined, managesKeys: options.managedKeys !== undefined, errors },
    ))

  const identify = callerIdentifier(settings.apiKeys ?? [], verifyToken, options.managedKeys)
  const limiter =
    settings.rateLimit > 0
      ? rateLimiter({ name, perSecond: settings.rateLimit, redisUrl: settings.redisUrl, log })
      : undefined
  const reportError = errorReporter(log, translations)
  const { mainWork } = bulkheads
  const runItems = createItemRunner({ limiter, mainWork, metrics, reportError })
  const serving = { ...settings, tokensCheckable: verifyToken !== undefined, live, bulkheads, runItems }
  // These limits hold even where calls have none, and count apart, so that none uses up another.
  const limitOf = (what: string) =>
    rateLimit(rateLimiter({ name: `${name}:${what}`, perSecond: operationsPerSecond, log }))

  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.set('query parser', 'simple')
  // Behind a proxy all connections come from one address.
  const budget = createConnectionBudget(trustProxy > 0 ? 0 : settings.connectionsPerClient)
  const connections = createConnectionMetrics(metrics)
  const handshakes = createHandshakeLog(log)
  const server = createServer(
    app,
    {
      basePath,
      tls,
      budget,
      onCut: (reason) => connections.cut('http', reason),
      onHandshakeFailed: handshakes.failed,
      onRefused({ refusal, requestId, address, isBody }) {
        const { code, status } = refusal
        if (!refusals.count({ code, request_id: requestId, ip: address }))
          log.info('a request could not be read', { request_id: requestId, status, code, ip: address })
        if (isBody) return
        metrics.requestStarted()
        metrics.requestServed({ method: 'other', route: 'unreadable', status, seconds: 0 })
      },
    },
    { unreadMs: settings.unreadTimeoutMs },
  )
  connections.watch('http', () => server.connections())

  const limit: RequestHandler = limiter ? rateLimit(limiter) : (_req, _res, next) => next()
  const limitOfDocuments = limiter ? undefined : limitOf('documents')
  const arrive = inOrder(
    requestContext(trustProxy, basePath, tracing),
    ...(tracing ? [traceRequests()] : []),
    accessLog(log, refusals),
    observeRequests(metrics),
    securityHeaders(),
    checkHead(settings.allowedHosts ?? []),
    routeWithoutBasePath([...routes, ...documents, ...probes], site),
    // Before probes, which the console shows too.
    ...(settings.corsOrigins ? [allowOrigins(settings.corsOrigins)] : []),
    serveRoutes(probes, { ...serving, limit: limitOf('operations') }),
    identifyCaller(identify),
  )
  const countRefused = alsoWhenRefused(limit)
  const nameRoute = routeNamer([...routes, ...documents])
  const serve = inOrder(
    serveRoutes(routes, serving),
    serveRoutes(documents, { ...serving, limit: limitOfDocuments }),
  )
  const admit: RequestHandler = (req, res, next) =>
    arrive(req, res, (refusal?: unknown) =>
      refusal ? countRefused(refusal, req, res, next) : limit(req, res, next),
    )
  // One layer, since Express matches each against the path.
  app.use((req, res, next) =>
    admit(req, res, (refusal?: unknown) => {
      if (!refusal) return serve(req, res, next)
      nameRoute(req)
      return next(refusal)
    }),
  )
  const boundsOfFiles = [...(limitOfDocuments ? [limitOfDocuments] : []), ...placeFor('document', bulkheads)]
  app.use(docsFiles(boundsOfFiles))
  if (site) app.use(staticSite(site, boundsOfFiles))
  app.use(routeNotFound)
  app.use(errorHandler(log, translations, holdBack))

  const grpc: GrpcChassis = {
    log,
    metrics,
    tracing,
    identify,
    limiter,
    tokensCheckable: serving.tokensCheckable,
    reportError,
    refusals,
    runItems,
    bulkheads,
    holdBack,
    maxMessageBytes: settings.bodyLimitBytes,
    trustProxy,
    budget,
    connections,
    tls,
    handshakeFailed: handshakes.failed,
  }

  return {
    /** Made when it is first asked for. */
    openApi,
    server,
    /** What the service's gRPC shares with its HTTP. */
    grpc,
    /** Undefined if there is no rate limit. */
    limiter,
    /** Ends the streams that go on until their clients leave. */
    endStreams: () => live.end(),
    /** Logs the refusals and the failed handshakes that were only counted until now. */
    flush(): void {
      refusals.flush()
      handshakes.flush()
    },
  }
}

/**
 * Routes a request as if its path did not begin with the base path, which a proxy may strip or leave. A path that is that
 * of a route already stays as it is, so that the base path can be one with which our own paths begin, such as `/api`.
 */
function routeWithoutBasePath(routes: readonly Route[], site: StaticSite | undefined): RequestHandler {
  const fittingAt = pathTable([...routes, { path: '/docs/files/{file}' }])
  const isOwn = (path: string) => fittingAt(path).length > 0 || (site !== undefined && isOfSite(site, path))
  return (req, _res, next) => {
    const { basePath } = req.context
    if (basePath !== '') req.url = withoutBasePath(req.url, basePath, isOwn)
    next()
  }
}

/** Names the route of a request that was refused before it was routed, for logs and metrics. */
function routeNamer(routes: readonly Route[]) {
  const fittingAt = pathTable(routes)
  return ({ method, path, context }: Request): void => {
    const fitting = fittingAt(path).map(({ entry }) => entry)
    const wanted = method === 'HEAD' ? 'get' : method.toLowerCase()
    const route = fitting.find((route) => route.method === wanted) ?? fitting[0]
    if (route) context.route = route.path
  }
}
