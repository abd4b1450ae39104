import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import type { Request, RequestHandler, Response } from 'express'
import { inOrder, methodNotAllowed } from '@ordinal/middleware'
import { sendStream } from './stream'

/** The files of a web page that finds its own way by the path (a single-page application), and what it needs to know. */
export interface StaticSite {
  /** Where it is served: `/dashboard`. */
  path: string
  /** Its files: `index.html`, `assets/` with names that change with their content, each with `.br` and `.gz` beside it. */
  folder: string
  /** What `config.json` answers. */
  config: object
  /** Origins that the page calls, besides its own. */
  callsOrigins: readonly string[]
}

// The most that waits for one client.
const pieceBytes = 65_536
const aYear = 'public, max-age=31536000, immutable'
const anHour = 'public, max-age=3600'
const encodings = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const

/** Whether a path belongs to the site. */
export const isOfSite = (site: Pick<StaticSite, 'path'>, wanted: string): boolean =>
  wanted === site.path || wanted.startsWith(`${site.path}/`)

/**
 * Serves a site. Any path that is no file of it is answered with `index.html`, which has the place of the site in its `<base>`;
 * a name below `assets/` that there is not is 404. Only names that were there at the start are opened.
 *
 * @param bounds what a request passes first: limits
 */
export function staticSite(site: StaticSite, bounds: readonly RequestHandler[]): RequestHandler {
  const files = new Set(
    readdirSync(site.folder, { recursive: true, encoding: 'utf8' }).map((name) =>
      name.split(path.sep).join('/'),
    ),
  )
  const read = sharedWhileSent(site.folder)
  const page = readFileSync(path.join(site.folder, 'index.html'), 'utf8')
  const config = JSON.stringify(site.config)
  const refuseOthers = methodNotAllowed(site.path, ['GET', 'HEAD'])

  async function serve(req: Request, res: Response, next: (error?: unknown) => void) {
    const name = req.path.slice(site.path.length + 1)
    if (req.method !== 'GET' && req.method !== 'HEAD') return void refuseOthers(req, res, next)
    if (name === 'config.json') {
      res.set('Cache-Control', 'no-cache').type('json').send(config)
    } else if (name !== 'index.html' && files.has(name) && !isEncoded(name) && path.extname(name) !== '') {
      await sendFile(req, res, name)
    } else if (name.startsWith('assets/')) {
      next()
    } else {
      sendPage(req, res)
    }
  }

  async function sendFile(req: Request, res: Response, name: string) {
    const accepted = req.acceptsEncodings('br', 'gzip')
    const [encoding, ending] = encodings.find(
      ([coding, ending]) => coding === accepted && files.has(name + ending),
    ) ?? [undefined, '']
    const bytes = await read(name + ending)
    res.set({ 'Cache-Control': name.startsWith('assets/') ? aYear : anHour, Vary: 'Accept-Encoding' })
    if (encoding) res.set('Content-Encoding', encoding)
    // A page that is one file has the rest of its policy within, with the hashes of its script and its style.
    if (path.extname(name) === '.html') res.set('Content-Security-Policy', "frame-ancestors 'none'")
    await sendStream(res, Readable.from(pieces(bytes), { objectMode: false }), req.method === 'HEAD', () => {
      res.type(path.extname(name)).set('Content-Length', String(bytes.length))
    })
  }

  function sendPage(req: Request, res: Response) {
    const nonce = randomBytes(16).toString('base64')
    const place = `${req.context.basePath}${site.path}/`
    res
      .set({ 'Cache-Control': 'no-store', 'Content-Security-Policy': policy(site, nonce) })
      .type('html')
      .send(page.replace(/<base href="[^"]*"/, `<base href="${place}"`).replaceAll('{nonce}', nonce))
  }

  const enter: RequestHandler = (req, _res, next) => {
    req.context.route = `${site.path}/{file}`
    next()
  }
  const inSite = inOrder(enter, ...bounds, (req, res, next) => void serve(req, res, next).catch(next))
  return (req, res, next) => (isOfSite(site, req.path) ? inSite(req, res, next) : next())
}

/** Scripts only from our files; styles also from what carries the page's nonce, as components write some at run time. */
const policy = ({ callsOrigins }: StaticSite, nonce: string) =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src ${["'self'", ...new Set(callsOrigins)].join(' ')}`,
    "manifest-src 'self'",
    "base-uri 'self'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')

const isEncoded = (name: string) => encodings.some(([, ending]) => name.endsWith(ending))

/**
 * Reads files for sending. All who are sent a file at the same time share its bytes, which are gone from memory when nobody is: a
 * stream of the file for each would take a descriptor each.
 */
function sharedWhileSent(folder: string): (name: string) => Promise<Buffer> {
  const sent = new Map<string, WeakRef<Buffer>>()
  const reading = new Map<string, Promise<Buffer>>()
  return async (name) => {
    const shared = sent.get(name)?.deref()
    if (shared) return shared
    const read = reading.get(name) ?? readFile(path.join(folder, name))
    reading.set(name, read)
    try {
      const bytes = await read
      sent.set(name, new WeakRef(bytes))
      return bytes
    } finally {
      reading.delete(name)
    }
  }
}

function* pieces(bytes: Buffer) {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
}
