import { Readable } from 'node:stream'
import { Router, type Request, type RequestHandler, type Response } from 'express'
import { methodNotAllowed, parseJsonBody, requireOwnSite, requireRole, validated } from '@ordinal/middleware'
import { z } from 'zod'
import type { Bulkheads, Workload } from './bulkheads'
import { callerDeadline } from './caller-deadline'
import { isTagged, requireKnownConditions, unlessKnown } from './conditions'
import { bodyMediaOf, changesSomething, type AnyReply, type Route } from './route'
import { finishUpload, takeUpload } from './upload'
import { sendStream, type LiveStreams } from './stream'

const nothing = z.strictObject({})

/** `/users/{id}` as Express writes it. */
const expressPath = (template: string) => template.replaceAll(/\{(\w+)\}/g, ':$1')

/**
 * An Express router that serves these routes: parse, call, answer.
 *
 * @param tokensCheckable whether a caller can have a role at all
 * @param corsOrigins origins of other sites whose pages may call routes that change something
 * @param bulkheads the gates of all classes but the main work
 * @param live keeps streams without an end, to end them with the service
 * @param limit a rate limit of these routes' own
 */
export function serveRoutes(
  routes: readonly Route[],
  {
    bodyLimitBytes,
    tokensCheckable,
    corsOrigins = [],
    bulkheads,
    live,
    limit,
  }: {
    bodyLimitBytes: number
    tokensCheckable: boolean
    corsOrigins?: readonly string[] | undefined
    bulkheads?: Bulkheads
    live?: LiveStreams
    limit?: RequestHandler | undefined
  },
): Router {
  const router = Router({ caseSensitive: true, strict: false })
  const methodsOf = new Map<string, string[]>()
  const patchMediaOf = new Map<string, readonly string[]>()

  for (const route of routes) {
    const path = expressPath(route.path)
    const methods = methodsOf.get(route.path) ?? []
    methodsOf.set(route.path, methods)
    if (route.method === 'get' && route.issues)
      router.head(path, methodNotAllowed(route.path, ['GET', 'POST']))
    else if (route.method === 'get') methods.push('HEAD')
    methods.push(route.method.toUpperCase())
    if (route.method === 'patch') patchMediaOf.set(route.path, bodyMediaOf(route))

    const enter: RequestHandler = (req, _res, next) => {
      req.context.route = route.path
      req.context.quiet = route.probe
      // Before the body is read: whoever may not call gets no work done.
      if (changesSomething(route)) requireOwnSite(req, corsOrigins)
      if (route.requires) requireRole(route.requires, req.context, tokensCheckable)
      requireKnownConditions(route, req.headers)
      next()
    }
    const bounds = [...(limit && !route.unlimited ? [limit] : []), ...placeFor(route.workload, bulkheads)]
    router[route.method](
      path,
      enter,
      ...bounds,
      ...(route.body ? [parseJsonBody(bodyLimitBytes, bodyMediaOf(route))] : []),
      serve(route, live),
    )
  }
  for (const [path, methods] of methodsOf)
    router.all(expressPath(path), methodNotAllowed(path, methods, patchMediaOf.get(path)))
  return router
}

function serve(route: Route, live?: LiveStreams): RequestHandler {
  const params = validated('params', route.params ?? nothing)
  const query = validated('query', route.query ?? nothing)
  const body = route.body && validated('body', route.body)
  const media = typeof route.media === 'string' ? route.media : route.media[0]
  const contentType = media.includes('charset') ? media : `${media}; charset=utf-8`
  const tagged = isTagged(route)
  return async (req, res) => {
    const upload = route.upload && takeUpload(req, route.upload)
    if (upload) res.once('finish', () => finishUpload(req))
    const made = await answerOf(req, () =>
      route.handle({
        params: params(req.params),
        query: query(req.query),
        body: body?.(req.body),
        upload,
        headers: req.headers,
        context: req.context,
        deadline: callerDeadline(req, res, route.timed),
      }),
    )
    const reply = underBasePath(tagged ? unlessKnown(made, req.headers) : made, req.context.basePath)
    if (route.issues) res.setHeader('Cache-Control', 'no-store')
    if (reply.body instanceof Readable) {
      if (route.live) live?.add(reply.body)
      return answerInPieces(req, res, reply, reply.body, contentType)
    }
    answer(res, reply, contentType)
  }
}

/** The answer with its Location as the client knows it. */
function underBasePath(reply: AnyReply, basePath: string): AnyReply {
  const { Location } = reply.headers ?? {}
  if (basePath === '' || Location === undefined) return reply
  return { ...reply, headers: { ...reply.headers, Location: basePath + Location } }
}

/** The handlers that a request of a class passes before it is served: they wait for a place of its gate. */
export function placeFor(workload: Workload, bulkheads: Bulkheads | undefined): RequestHandler[] {
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
      const leave = await bulkheads.enter(workload, req.context.address, req.socket, (forget) =>
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
function answer(res: Response, { status, body, headers }: AnyReply, contentType: string): void {
  res.statusCode = status
  if (headers) for (const name in headers) res.setHeader(name, headers[name] ?? '')
  if (body === null) return void res.end()
  const sent = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
  res.setHeader('Content-Type', contentType)
  res.setHeader('Content-Length', Buffer.byteLength(sent))
  res.end(sent)
}
