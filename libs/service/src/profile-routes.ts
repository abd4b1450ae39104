import express, { Router, type RequestHandler } from 'express'
import { z } from 'zod'
import { AppError } from '@ordinal/errors'
import { integerText } from '@ordinal/http'
import { methodNotAllowed, validated } from '@ordinal/middleware'
import { loadProfiler, type Profiler, type ProfileRequest } from '@ordinal/profiling'

interface Deps {
  /** The file of the program, with its source map beside it. */
  program: string
  /** Ends a profile before its time. */
  stopping: AbortSignal
  bodyLimitBytes: number
}

interface Kind {
  take: (profiler: Profiler, request: ProfileRequest) => Promise<Buffer>
  media: string
  file: string
}

const gzip = 'application/octet-stream'

const kinds: Record<string, Kind> = {
  '/debug/pprof/profile': { take: (p, request) => p.cpuProfile(request), media: gzip, file: 'cpu.pb.gz' },
  '/debug/pprof/heap': { take: (p, request) => p.heapProfile(request), media: gzip, file: 'heap.pb.gz' },
  '/debug/pprof/trace': {
    take: (p, request) => p.traceEvents(request),
    media: 'application/json',
    file: 'trace.json',
  },
}

/** `profile`, `heap` and `trace`, which take the seconds that they are asked for, and `symbol`. */
export function profileRoutes({ program, stopping, bodyLimitBytes }: Deps): Router {
  const router = Router({ caseSensitive: true })
  for (const [path, kind] of Object.entries(kinds)) {
    // HEAD, which Express would have GET answer, is not worth a profile.
    router.head(path, methodNotAllowed(path, ['GET']))
    router.get(path, labelled(path), takeProfile(kind, { program, stopping }))
    router.all(path, methodNotAllowed(path, ['GET']))
  }

  const symbol = '/debug/pprof/symbol'
  const readText = express.text({ type: () => true, limit: bodyLimitBytes })
  router.get(symbol, labelled(symbol), (req, res) => answerSymbols(program, queryOf(req.url), res))
  router.post(symbol, labelled(symbol), readText, (req, res) =>
    answerSymbols(program, typeof req.body === 'string' ? req.body : '', res),
  )
  router.all(symbol, methodNotAllowed(symbol, ['GET', 'HEAD', 'POST']))
  return router
}

const labelled =
  (path: string): RequestHandler =>
  (req, _res, next) => {
    req.context.route = path
    next()
  }

const query = validated('query', z.strictObject({ seconds: integerText(1, 60).default(10) }))

// Of the process, as V8's profiler is, and not of a listener.
let busyUntilMs = 0

function takeProfile(
  { take, media, file }: Kind,
  { program, stopping }: Omit<Deps, 'bodyLimitBytes'>,
): RequestHandler {
  return async (req, res) => {
    const forMs = query(req.query).seconds * 1_000
    refuseSecond()
    busyUntilMs = performance.now() + forMs
    const gone = new AbortController()
    res.on('close', () => gone.abort())
    try {
      const signal = AbortSignal.any([gone.signal, stopping])
      const profile = await take(profiler(), { forMs, signal, program })
      res.setHeader('Content-Type', media)
      res.setHeader('Content-Disposition', `attachment; filename="${file}"`)
      res.setHeader('Cache-Control', 'no-store')
      res.setHeader('Content-Length', profile.length)
      res.end(profile)
    } finally {
      busyUntilMs = 0
    }
  }
}

function refuseSecond(): void {
  if (busyUntilMs === 0) return
  const leftSeconds = Math.max(1, Math.ceil((busyUntilMs - performance.now()) / 1_000))
  throw new AppError('profile_under_way', `A profile is being taken, for another ${leftSeconds} s`, {
    retryAfterSeconds: leftSeconds,
  })
}

function profiler(): Profiler {
  try {
    return loadProfiler()
  } catch (cause) {
    const { platform, arch, version } = process
    throw new AppError('profiler_unavailable', `No profiler for ${platform}-${arch} and Node ${version}`, {
      cause,
    })
  }
}

/**
 * Programs in machine code ask here for the names of program counters. Our profiles carry their names; what needs
 * them are stack traces, whose places are in the bundle: `main.js:7:1234` becomes a file and a line.
 */
async function answerSymbols(program: string, text: string, res: express.Response): Promise<void> {
  const asked = text.split(/[+\s]+/).filter((each) => /^(.*:)?\d{1,9}:\d{1,9}$/.test(each))
  const sourceMap = await profiler().readSourceMap(program)
  const originals = sourceMap?.originals(asked.map(positionOf)) ?? []
  const lines = originals.flatMap((original, index) =>
    original ? [`${asked[index]} ${original.file}:${original.line}`] : [],
  )
  res.type('text/plain').send([`num_symbols: ${sourceMap ? 1 : 0}`, ...lines, ''].join('\n'))
}

function positionOf(text: string) {
  const [line, column] = text.split(':').slice(-2).map(Number)
  return { line: line!, column: column! }
}

const queryOf = (url: string) => decodeURIComponent(url.split('?').slice(1).join('?'))
