import { describedAnswers } from './described-answers'
import type { ApiDocument } from './described-operation'
import { mediaTypeOf } from './media-type'

export interface ApiAnswer {
  status: number
  headers: Headers
  /**
   * Parsed if it is JSON, else the text; the empty text if there is none. `any`, so that a test can read a member
   * in one word: the document's schema has just been checked, and what it says is not known to the compiler.
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any
}

interface Options {
  headers?: Record<string, string>
}

interface Request extends Options {
  method: string
  path: string
  /** Sent as JSON. */
  body?: unknown
  /** Sent as it is, as application/json unless `headers` say otherwise. */
  rawBody?: string | Uint8Array<ArrayBuffer>
}

export type ApiClient = ReturnType<typeof createApiClient>

/**
 * A client of a service for tests. Every answer is checked against the service's OpenAPI document.
 *
 * @param url where the service listens, without a slash at its end
 * @param headers sent with every request, if the request has no other
 * @throws Error from every call, if the answer is not as the document says
 */
export function createApiClient({
  url,
  document,
  headers: common,
}: Options & { url: string; document: ApiDocument }) {
  const assertDescribed = describedAnswers(document)

  async function request({ method, path, body, rawBody, headers }: Request): Promise<ApiAnswer> {
    const content = rawBody ?? (body === undefined ? undefined : JSON.stringify(body))
    const sent = new Headers(content === undefined ? {} : { 'content-type': 'application/json' })
    for (const [name, value] of Object.entries({ ...common, ...headers })) sent.set(name, value)

    const response = await fetch(url + path, { method, headers: sent, body: content, redirect: 'manual' })
    const answer = { status: response.status, headers: response.headers, body: await readBody(response) }
    assertDescribed({ method, path, ...answer })
    return answer
  }

  return {
    request,
    get: (path: string, options?: Options) => request({ method: 'GET', path, ...options }),
    post: (path: string, body?: unknown, options?: Options) =>
      request({ method: 'POST', path, body, ...options }),
    put: (path: string, body?: unknown, options?: Options) =>
      request({ method: 'PUT', path, body, ...options }),
    patch: (path: string, body?: unknown, options?: Options) =>
      request({ method: 'PATCH', path, body, ...options }),
    delete: (path: string, options?: Options) => request({ method: 'DELETE', path, ...options }),
  }
}

const documents = new Map<string, ApiDocument>()

/** The document of a service with these settings, made once for the tests of a file. */
export function documentOf(settings: object, service: { readonly openApi: ApiDocument }): ApiDocument {
  const key = JSON.stringify(settings)
  const document = documents.get(key) ?? service.openApi
  documents.set(key, document)
  return document
}

async function readBody(response: Response): Promise<unknown> {
  const text = await response.text()
  const isJson = /[/+]json$/.test(mediaTypeOf(response.headers).essence)
  if (!isJson || text === '') return text
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Error(`${response.url} -> ${response.status}: the body is no JSON: ${text.slice(0, 200)}`, {
      cause,
    })
  }
}
