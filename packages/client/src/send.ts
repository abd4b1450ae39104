import { objectOf, refuseRedirect, streamOf, textOf } from './answer'
import { sleep, startClock, type Clock } from './clock'
import { CallTimeoutError, ConnectionError, errorOf, OrdinalError, ProblemError } from './errors'
import { headersOf } from './headers'
import { newKey } from './key'
import type { Addresses, ChangeOptions, OrdinalOptions } from './options'
import { problemOf } from './problem'
import { longestRetryAfterMs, mayRepeat, pauseMs, retryAfterMs } from './retry'

/** A request to one service. */
export interface Request {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Its variable parts encoded: see `path`. */
  path: string
  query?: object | undefined
  body?: object | undefined
  /** In place of it a body that is no JSON, made anew for each attempt. */
  content?: Content
  /** The answer is given as a stream, if it is of one of these media types, and not as what its JSON says. */
  streams?: readonly string[]
  /** It is a write whose parts have a key each. */
  hasOwnKeys?: boolean
}

/** What is sent as it is. */
export interface Content {
  /** Its media type. */
  type: string
  open: () => string | Blob | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>
}

/** Sends a request, as often as it takes, and gives the answer's body. */
export type Send = <Answer>(request: Request, options?: ChangeOptions) => Promise<Answer>

/** A path with its parts encoded: path`/api/v1/orders/${id}`. */
export const path = (texts: TemplateStringsArray, ...parts: (string | number)[]): string =>
  texts.map((text, i) => text + (i < parts.length ? encodeURIComponent(parts[i]!) : '')).join('')

/**
 * An id or a number may be a text from outside. These three no encoding keeps in their place: fetch would resolve them, and ask
 * for another path.
 */
function requireOwnPath(path: string): void {
  const stray = path
    .split('/')
    .slice(1)
    .find((part) => part === '' || part === '.' || part === '..')
  if (stray !== undefined)
    throw new TypeError(`"${stray}" is not an id, a number or a name: ${path} would be another path`)
}

// The services take no longer one.
const longestDeadlineMs = 3_600_000
const usual = { timeoutMs: 30_000, attemptTimeoutMs: 10_000, retries: 8, longestRetryAfterMs }

/** Sends requests to a service. */
export function sender(service: keyof Addresses, client: OrdinalOptions): Send {
  const baseUrl = client[service]
  return async <Answer>(request: Request, options: ChangeOptions = {}) => {
    if (!baseUrl)
      throw new TypeError(
        `The client was made without the address of the ${service}: { ${service}: 'https://…' }`,
      )
    requireOwnPath(request.path)
    const given = { ...usual, ...defined(client), ...defined(options) }
    // One for all attempts, so that the service carries the request out once.
    const isKeyed = request.method !== 'GET' && !request.hasOwnKeys
    const key = isKeyed ? (options.idempotencyKey ?? newKey()) : undefined
    const asked = `${request.method} ${urlOf(baseUrl, request)}`
    const call = startClock(given.timeoutMs, options.signal)
    try {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return (await attemptOnce(call, attempt)) as Answer
        } catch (error) {
          if (call.signal.aborted) throw endOf(call, asked, error, attempt)
          const wait = error instanceof ProblemError ? error.retryAfterMs : undefined
          const pause = pauseMs(attempt, wait)
          const again =
            isPassing(error) &&
            attempt <= given.retries &&
            (wait ?? 0) <= given.longestRetryAfterMs &&
            pause < call.remainingMs()
          if (!again) throw error
          await sleep(pause, call.signal).catch(() => {
            throw endOf(call, asked, error, attempt)
          })
        }
      }
    } finally {
      call.stop()
    }

    async function attemptOnce(outer: Clock, attempt: number): Promise<unknown> {
      const { attemptTimeoutMs } = given
      const headers = await headersOf(client, options, key, request.body !== undefined)
      if (request.content) headers.set('Content-Type', request.content.type)
      if (request.streams) headers.set('Accept', '*/*')
      // The service ends its work at this deadline.
      headers.set(
        'X-Request-Timeout-Ms',
        String(Math.max(1, Math.floor(Math.min(attemptTimeoutMs, outer.remainingMs(), longestDeadlineMs)))),
      )
      const sent = { method: request.method, url: urlOf(baseUrl!, request), attempt, headers }
      client.onRequest?.(sent)
      const clock = startClock(attemptTimeoutMs, outer.signal)
      const startedAt = performance.now()
      let status: number | undefined
      try {
        const response = await (client.fetch ?? fetch)(sent.url, {
          method: request.method,
          headers,
          signal: clock.signal,
          redirect: 'manual',
          ...bodyOf(request),
        })
        status = response.status
        refuseRedirect(response, sent)
        if (response.ok && request.streams) return streamOf(response, request.streams, sent)
        const text = await textOf(response, sent, client.largestAnswerBytes)
        if (response.ok) return objectOf(response, text, sent)
        throw errorOf(problemOf(response.status, text), {
          attempts: attempt,
          retryAfterMs: retryAfterMs(response.headers.get('Retry-After')),
        })
      } catch (error) {
        if (error instanceof OrdinalError || outer.signal.aborted) throw error
        const why = clock.isOver() ? `no answer within ${attemptTimeoutMs} ms` : reasonOf(error)
        throw new ConnectionError(`${request.method} ${sent.url}: ${why}`, {
          attempts: attempt,
          cause: error,
        })
      } finally {
        clock.stop()
        client.onResponse?.({ ...sent, status, durationMs: performance.now() - startedAt })
      }
    }
  }
}

/** The body of an attempt, as fetch takes it. */
function bodyOf({ body, content }: Request): RequestInit {
  if (!content) return body === undefined ? {} : { body: JSON.stringify(body) }
  const opened = content.open()
  // Without `duplex` fetch sends no stream.
  return { body: opened, ...(opened instanceof ReadableStream && { duplex: 'half' }) }
}

/** Whether what failed may succeed if it is tried again. */
const isPassing = (error: unknown): boolean =>
  error instanceof ConnectionError || (error instanceof ProblemError && mayRepeat(error))

/** What a call ends with when its clock has stopped it: its time is over, or the caller's signal said so. */
function endOf(call: Clock, asked: string, last: unknown, attempts: number): unknown {
  if (!call.isOver()) return call.signal.reason
  const made = attempts === 1 ? '1 attempt' : `${attempts} attempts`
  const why = last instanceof OrdinalError ? `; at last: ${last.message}` : ''
  return new CallTimeoutError(`${asked}: the time for the call is over after ${made}${why}`, {
    attempts,
    cause: last,
  })
}

/** The address of a path of a service, which may itself be below a path. */
export function urlOf(baseUrl: string, { path, query = {} }: Pick<Request, 'path' | 'query'>): string {
  const url = new URL(withoutSlashes(baseUrl) + path)
  // fetch refuses them, and shows them in its error.
  if (url.username || url.password)
    throw new TypeError(`The address of ${url.host} has a user or a password in it, which cannot be sent so`)
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== null) url.searchParams.set(name, String(value))
  return url.href
}

function withoutSlashes(text: string): string {
  let end = text.length
  while (text[end - 1] === '/') end -= 1
  return text.slice(0, end)
}

/** fetch says "fetch failed", and the reason in its cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error
  const reason = cause instanceof Error && cause.message ? cause.message : message
  // In Node's words; https://fetch.spec.whatwg.org/#port-blocking has the ports.
  return reason === 'bad port' ? 'bad port: fetch sends nothing to this one' : reason
}

const defined = <T extends object>(options: T): Partial<T> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>
