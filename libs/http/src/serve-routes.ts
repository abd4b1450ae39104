import { Readable } from 'node:stream'
import type { Request, RequestHandler, Response } from 'express'
import {
  addCommonHeaders,
  dependsOnTarget,
  inOrder,
  methodNotAllowed,
  parseJsonBody,
  requireAccess,
  requireOwnSite,
  requireRole,
  validated,
  type RequestContext,
} from '@ordinal/middleware'
import { z } from 'zod'
import type { RunItems } from './batch'
import type { Bulkheads } from './bulkheads'
import { callerDeadline } from './caller-deadline'
import { conditionCheck, isTagged, unlessKnown } from './conditions'
import { pathTable } from './path-table'
import { bodyMediaOf, changesSomething, type AnyReply, type Route } from './route'
import { finishUpload, takeUpload } from './upload'
import { sendStream, type LiveStreams } from './stream'

const nothing = z.strictObject({})
const noFields = Object.freeze({})
// Beyond it setTimeout fires at once.
const longestTimerMs = 2 ** 31 - 1
// How often it is checked whether the key of a listener was revoked.
const lookAgainMs = 500

interface Options {
  bodyLimitBytes: number
  /** Whether a caller can have a role at all. */
  tokensCheckable: boolean
  /** Origins of other sites whose pages may call routes that change something. */
  corsOrigins?: readonly string[] | undefined
  /** The gates of all classes but the main work. */
  bulkheads?: Bulkheads
  /** Keeps streams without an end, to end them with the service. */
  live?: LiveStreams
  /** Carries out the items of batches; none of these routes takes any, if not given. */
  runItems?: RunItems
  /** A rate limit of these routes' own. */
  limit?: RequestHandler | undefined
}

/** Serves these routes: parse, call, answer. What no route has goes on. */
export function serveRoutes(routes: readonly Route[], options: Options): RequestHandler {
  const fittingAt = pathTable(
    routes.map((route) => ({ path: route.path, route, serve: handlerOf(route, options) })),
  )
  const notAllowedAt = new Map(
    routes.map(({ path }) => [path, refuseMethods(routes.filter((route) => route.path === path))]),
  )

  return (req, res, next) => {
    const fitting = fittingAt(req.path)
    const first = fitting[0]
    if (!first) return next()
    const called = fitting.find(({ entry }) => isMethod(req.method, entry.route))
    if (!called) return notAllowedAt.get(first.entry.path)!(req, res, next)
    req.params = called.params()
    return called.entry.serve(req, res, next)
  }
}

/** HEAD is answered as GET is, but where that issues something. */
const isMethod = (method: string, route: Route) =>
  method === 'HEAD' ? route.method === 'get' && !route.issues : method === route.method.toUpperCase()

/** Refuses the methods that a path has no route for. */
function refuseMethods(routes: readonly Route[]): RequestHandler {
  const methods = routes.map(({ method }) => method.toUpperCase())
  const hasHead = routes.some((route) => isMethod('HEAD', route))
  const patch = routes.find(({ method }) => method === 'patch')
  return methodNotAllowed(
    routes[0]!.path,
    hasHead ? [...methods, 'HEAD'] : methods,
    patch && bodyMediaOf(patch),
  )
}

function handlerOf(
  route: Route,
  {
    bodyLimitBytes,
    tokensCheckable,
    corsOrigins = [],
    bulkheads,
    live,
    runItems = noBatches,
    limit,
  }: Options,
): RequestHandler {
  const requireKnownConditions = conditionCheck(route)
  const enter: RequestHandler = (req, _res, next) => {
    req.context.route = route.path
    req.context.quiet = route.probe
    // Before the body is read: whoever may not call gets no work done.
    if (changesSomething(route)) requireOwnSite(req, corsOrigins)
    if (route.access) requireAccess(route.access, req.context, tokensCheckable)
    else if (route.requires) requireRole(route.requires, req.context, tokensCheckable)
    if (route.polled) req.context.quiet = true
    requireKnownConditions(req.headers)
    next()
  }
  return inOrder(
    enter,
    ...(limit && !route.unlimited ? [limit] : []),
    ...placeFor(route.workload, bulkheads),
    ...(route.body ? [parseJsonBody(bodyLimitBytes, bodyMediaOf(route))] : []),
    serve(route, { tokensCheckable, runItems, live }),
  )
}

const noBatches: RunItems = () => Promise.reject(new Error('There are no batches here'))

interface Serving {
  tokensCheckable: boolean
  runItems: RunItems
  live: LiveStreams | undefined
}

function serve(route: Route, { tokensCheckable, runItems, live }: Serving): RequestHandler {
  const params = route.params && validated('params', route.params)
  const query = validated('query', route.query ?? nothing)
  const readQuery = ({ url, query: sent }: Request) =>
    route.query || url.includes('?') ? query(sent) : noFields
  const body = route.body && validated('body', route.body)
  const media = typeof route.media === 'string' ? route.media : route.media[0]
  const contentType = media.includes('charset') ? media : `${media}; charset=utf-8`
  const tagged = isTagged(route)
  /** Asked for again now that it is known what the request is about. */
  const requireOfTarget = ({ context }: Request, ...parts: unknown[]) => {
    if (!route.access || !dependsOnTarget(context)) return
    const fields = Object.assign({}, ...parts) as Record<string, unknown>
    requireAccess(route.access, context, tokensCheckable, route.access.target?.(fields) ?? {})
  }
  return async (req, res) => {
    const upload = route.upload && takeUpload(req, route.upload)
    if (upload) res.once('finish', () => finishUpload(req))
    const made = await answerOf(req, () => {
      const asked = {
        params: params?.(req.params) ?? noFields,
        query: readQuery(req),
        body: body?.(req.body),
      }
      requireOfTarget(req, asked.query, asked.body, asked.params)
      return route.handle({
        ...asked,
        upload,
        headers: req.headers,
        context: req.context,
        deadline: callerDeadline(req, res, route.timed),
        runItems,
      })
    })
    const reply = underBasePath(tagged ? unlessKnown(made, req.headers) : made, req.context.basePath)
    if (route.issues) addCommonHeaders(res, ['Cache-Control', 'no-store'])
    // Shared caches keep no answer to Authorization by themselves, but know nothing of keys.
    else if (showsCredentials(req) && !reply.headers?.['Cache-Control'])
      addCommonHeaders(res, ['Cache-Control', 'private'])
    if (reply.body instanceof Readable) {
      if (route.live) {
        live?.add(reply.body)
        endWithCaller(reply.body, req.context)
      }
      return answerInPieces(req, res, reply, reply.body, contentType)
    }
    answer(res, reply, contentType)
  }
}

const showsCredentials = ({ headers }: Request): boolean =>
  headers['x-api-key'] !== undefined || headers.authorization !== undefined

/** A stream goes on for no longer than its listener may open one. */
function endWithCaller(stream: Readable, { expiresAtMs, mayGoOn }: RequestContext): void {
  if (expiresAtMs !== undefined) {
    const leftMs = Math.min(expiresAtMs - Date.now(), longestTimerMs)
    const timer = setTimeout(() => stream.destroy(), leftMs).unref()
    stream.once('close', () => clearTimeout(timer))
  }
  if (mayGoOn) {
    const timer = setInterval(() => mayGoOn() || stream.destroy(), lookAgainMs).unref()
    stream.once('close', () => clearInterval(timer))
  }
}

/** The answer with its Location as the client knows it. */
function underBasePath(reply: AnyReply, basePath: string): AnyReply {
  const { Location } = reply.headers ?? {}
  if (basePath === '' || Location === undefined) return reply
  return { ...reply, headers: { ...reply.headers, Location: basePath + Location } }
}

/** The handlers that a request of a class passes before it is served: they wait for a place of its gate. */
export function placeFor(workload: Route['workload'], bulkheads: Bulkheads | undefined): RequestHandler[] {
  if (!bulkheads) return []
  if (workload === 'main')
    return [
      (_req, _res, next) => {
        bulkheads.mainWork.count()
        next()
      },
    ]
  return [
    async (req, res, next) => {
      const asked = typeof workload === 'string' ? workload : workload(req.query)
      const leave = await bulkheads.enter(asked, req.context.address, req.socket, (forget) =>
        res.once('close', forget),
      )
      // The client disconnected while it waited.
      if (res.destroyed) return leave()
      res.once('close', leave)
      leaving.set(req, leave)
      next()
    },
  ]
}

// Called when the answer is made, not when it is sent: a slow client, or an export of an hour, keeps no place.
const leaving = new WeakMap<Request, () => void>()

async function answerOf(req: Request, handle: () => Promise<AnyReply> | AnyReply): Promise<AnyReply> {
  try {
    return await handle()
  } finally {
    leaving.get(req)?.()
  }
}

function answerInPieces(req: Request, res: Response, reply: AnyReply, body: Readable, contentType: string) {
  return sendStream(res, body, req.method === 'HEAD', () => {
    // The duration of a request ends with the first byte of its answer: a stream may go on for a day.
    req.context.answeredAt = performance.now()
    res.statusCode = reply.status
    res.setHeader('Content-Type', contentType)
    for (const [name, value] of Object.entries(reply.headers ?? {})) res.setHeader(name, value)
  })
}

/** Express's res.json() looks at settings, charset and ETag for every answer; ours are the same for all. */
function answer(res: Response, { status, body, headers = {} }: AnyReply, contentType: string): void {
  if (body === null) {
    res.statusCode = status
    for (const name in headers) res.setHeader(name, headers[name] ?? '')
    return void res.end()
  }
  const sent = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
  const length = String(Buffer.byteLength(sent))
  const list = ['Content-Type', contentType, 'Content-Length', length]
  for (const name in headers) list.push(name, headers[name] ?? '')
  res.writeHead(status, list).end(sent)
}
