import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { Router, type RequestHandler } from 'express'
import { z } from 'zod'
import { htmlPage } from './html'
import type { OpenApiDocument } from './openapi/document'
import { route, type Route } from './route'
import { sendStream } from './stream'

// The most that waits for one client.
const pieceBytes = 65_536

const files = ['swagger-ui.css', 'swagger-ui-bundle.js']

/** `/openapi.json`, and `/docs`, where it can be read and tried. The document is asked for late: it describes these routes too. */
export function docsRoutes(title: string, document: () => OpenApiDocument): Route[] {
  const pageFor = perBasePath((basePath) => docsPage(title, basePath))
  const documentFor = perBasePath((basePath) =>
    // Servers are relative to where the document is.
    JSON.stringify({ ...document(), servers: [{ url: basePath || '/' }] }),
  )
  return [
    route({
      method: 'get',
      path: '/openapi.json',
      summary: 'This document',
      tag: 'documentation',
      workload: 'document',
      answers: { 200: z.looseObject({ openapi: z.string() }) },
      handle: ({ context: { basePath } }) => ({ status: 200, body: documentFor(basePath) }),
    }),
    route({
      method: 'get',
      path: '/docs',
      summary: 'This document, for reading and trying',
      tag: 'documentation',
      workload: 'document',
      media: 'text/html',
      answers: { 200: z.string() },
      handle: ({ context: { basePath } }) => ({ status: 200, body: pageFor(basePath) }),
    }),
  ]
}

const docsPage = (title: string, basePath: string) =>
  htmlPage(
    title,
    `<link rel="stylesheet" href="${basePath}/docs/files/swagger-ui.css">
<div id="docs" data-document="${basePath}/openapi.json"></div>
<script src="${basePath}/docs/files/swagger-ui-bundle.js"></script>
<script src="${basePath}/docs/files/start.js"></script>`,
  )

// The page names the document, so that these lines are the same everywhere.
const start = `SwaggerUIBundle({
  url: document.getElementById('docs').dataset.document,
  dom_id: '#docs',
  deepLinking: true,
  validatorUrl: null,
})`

// Where a proxy passes on X-Forwarded-Prefix of its clients, they choose the base path: the number kept is bounded.
const mostBasePaths = 10

/** The bytes of a text that depends on the base path: all requests with the same one share them. */
function perBasePath(write: (basePath: string) => string): (basePath: string) => Buffer {
  const written = new Map<string, Buffer>()
  return (basePath) => {
    const before = written.get(basePath)
    if (before) return before
    if (written.size >= mostBasePaths) written.clear()
    const bytes = Buffer.from(write(basePath))
    written.set(basePath, bytes)
    return bytes
  }
}

/** The scripts and styles of `/docs`: Swagger UI's own files, and the line that starts it. */
export function docsFiles(bounds: readonly RequestHandler[]): Router {
  const router = Router()
  const root = filesFolder()
  const enter: RequestHandler = (req, _res, next) => {
    req.context.route = '/docs/files/{file}'
    next()
  }
  router.use('/docs/files', enter, ...bounds)
  router.get('/docs/files/start.js', (_req, res) => void res.type('text/javascript').send(start))
  for (const file of files) router.get(`/docs/files/${file}`, sendShared(path.join(root, file)))
  return router
}

/** Sends a file from one copy in memory: a stream of the file for each client would take a descriptor each. */
function sendShared(file: string): RequestHandler {
  let reading: Promise<{ bytes: Buffer; etag: string }> | undefined
  return async (req, res) => {
    const { bytes, etag } = await (reading ??= readTagged(file))
    res.set({ ETag: etag, 'Cache-Control': 'public, max-age=86400' })
    if (req.fresh) return void res.status(304).end()
    await sendStream(res, Readable.from(pieces(bytes), { objectMode: false }), req.method === 'HEAD', () => {
      res.type(path.extname(file)).set('Content-Length', String(bytes.length))
    })
  }
}

async function readTagged(file: string) {
  const bytes = await readFile(file)
  return { bytes, etag: `"${createHash('sha256').update(bytes).digest('base64url')}"` }
}

function* pieces(bytes: Buffer) {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
}

/** Beside the bundle, where the build puts them; in node_modules when the sources run as they are. */
function filesFolder(): string {
  const besideBundle = path.join(__dirname, 'docs')
  return existsSync(besideBundle)
    ? besideBundle
    : path.dirname(require.resolve('swagger-ui-dist/package.json'))
}
