import { existsSync } from 'node:fs'
import path from 'node:path'
import { Router } from 'express'
import { z } from 'zod'
import { htmlPage } from './html'
import type { OpenApiDocument } from './openapi'
import { route, type Route } from './route'

const files = ['swagger-ui.css', 'swagger-ui-bundle.js']

/** `/openapi.json`, and `/docs`, where it can be read and tried. The document is asked for late: it describes these routes too. */
export function docsRoutes(title: string, document: () => OpenApiDocument): Route[] {
  const page = htmlPage(
    title,
    `<link rel="stylesheet" href="/docs/files/swagger-ui.css">
<div id="docs"></div>
<script src="/docs/files/swagger-ui-bundle.js"></script>
<script src="/docs/files/start.js"></script>`,
  )
  return [
    route({
      method: 'get',
      path: '/openapi.json',
      summary: 'This document',
      tag: 'documentation',
      answers: { 200: z.looseObject({ openapi: z.string() }) },
      handle: () => ({ status: 200, body: { ...document() } }),
    }),
    route({
      method: 'get',
      path: '/docs',
      summary: 'This document, for reading and trying',
      tag: 'documentation',
      media: 'text/html',
      answers: { 200: z.string() },
      handle: () => ({ status: 200, body: page }),
    }),
  ]
}

const start = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#docs', deepLinking: true, validatorUrl: null })`

/** The scripts and styles of `/docs`: Swagger UI's own files, and the line that starts it. */
export function docsFiles(): Router {
  const router = Router()
  const root = filesFolder()
  router.use('/docs/files', (req, _res, next) => {
    req.context.route = '/docs/files/{file}'
    next()
  })
  router.get('/docs/files/start.js', (_req, res) => void res.type('text/javascript').send(start))
  for (const file of files)
    router.get(`/docs/files/${file}`, (_req, res) => res.sendFile(file, { root, maxAge: '1d' }))
  return router
}

/** Beside the bundle, where the build puts them; in node_modules when the sources run as they are. */
function filesFolder(): string {
  const besideBundle = path.join(__dirname, 'docs')
  return existsSync(besideBundle)
    ? besideBundle
    : path.dirname(require.resolve('swagger-ui-dist/package.json'))
}
